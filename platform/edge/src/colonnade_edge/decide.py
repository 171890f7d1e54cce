"""The decision about one request: credential, revocations, scopes, CSRF, limits, in this order."""

import time
from collections.abc import Callable

from colonnade_edge.answer import Headers
from colonnade_edge.authn import api_key, jwt, session
from colonnade_edge.authn.bearer import Bearer
from colonnade_edge.authn.credential import Confirmed, Credential, Memory
from colonnade_edge.authn.identity import Identity, of_address
from colonnade_edge.authn.last_used import LastUsed
from colonnade_edge.authz import admit
from colonnade_edge.call import Call
from colonnade_edge.errors import Refused, StoreUnavailable, Unauthenticated, Unavailable
from colonnade_edge.lease import header
from colonnade_edge.limits.limiter import Limiter, Question
from colonnade_edge.policy.plan import Plan, RoutePlan
from colonnade_edge.revocation.provenance import Provenance
from colonnade_edge.revocation.table import Table
from colonnade_edge.store.tick import Tick, Ticker

CHALLENGES = {
    "jwt": jwt.INVALID,
    "client_credentials": jwt.INVALID,
    "session": session.CHALLENGE,
    "api_key": api_key.CHALLENGE,
}


class Decider:
    """Decides by a plan, what the store says, and what was revoked."""

    def __init__(
        self,
        ticker: Ticker,
        limiter: Limiter,
        bearer: Bearer,
        revoked: Table,
        last_used: LastUsed,
        refresh_soon: Callable[[Plan, str], None],
    ) -> None:
        self._ticker = ticker
        self._limiter = limiter
        self._bearer = bearer
        self._revoked = revoked
        self._last_used = last_used
        self._refresh_soon = refresh_soon
        self._memory = Memory()

    async def decide(self, plan: Plan, route: RoutePlan, call: Call) -> Headers:
        """Return the headers of the positive answer; raise `Refused` where the request may not pass."""
        allowed = await self._decide(plan, route, call)
        if route.route.stream and route.route.auth in CHALLENGES:
            return [*allowed, header.write(_leased(route, call.identity.provenance))]
        return allowed

    async def _decide(self, plan: Plan, route: RoutePlan, call: Call) -> Headers:
        match route.route.auth:
            case "jwt" | "client_credentials":
                call.identity = await self._bearer.identify(plan, route, call)
            case "none":
                call.identity = of_address(call.header("x-colonnade-ip"))
            case "api_key":
                return await self._stored(plan, route, call, api_key.presented(call.header("x-api-key")))
            case "session":
                return await self._stored(plan, route, call, self._session(plan, call))
        self._refuse_revoked(route, call.identity)
        admit(route, call.identity, call)
        return await self._limited(route, call)

    def _refuse_revoked(self, route: RoutePlan, identity: Identity) -> None:
        """Hold a credential against the revocations, on each use: caches of identities are no way around."""
        challenge = CHALLENGES.get(route.route.auth)
        if challenge is None or not route.route.revocation:
            return
        if not self._revoked.known:
            raise Unavailable("what was revoked is not known yet")
        if self._revoked.covers(identity.provenance):
            raise Unauthenticated("the credential was revoked", challenge)

    def _session(self, plan: Plan, call: Call) -> session.Session:
        plain = plan.document.development
        return session.presented(call.header("cookie"), plan.session_idle_s, plain_allowed=plain)

    async def _stored(self, plan: Plan, route: RoutePlan, call: Call, credential: Credential) -> Headers:
        """Decide with a credential that the store must confirm.

        One that was confirmed before has its limits counted in the same trip, because its consumer is known.
        """
        before = self._memory.recall(credential.digest)
        if before is not None and route.limits is not None:
            await call.weigh()
        try:
            tick = self._ticker.tick()
            read = tick.read(credential.store_key, credential.idle_s)
            early = self._ask_early(route, call, before, tick)
            await tick.answered
        except StoreUnavailable as error:
            raise Unavailable("the store that knows this credential does not answer") from error
        confirmed = self._confirmed(plan, credential, before, tick.records[read])
        call.identity = confirmed.identity
        self._refuse_revoked(route, call.identity)
        admit(route, call.identity, call)
        if isinstance(credential, api_key.ApiKey):
            self._last_used.note(credential.key_id, time.time())
        if early is None:
            return await self._limited(route, call)
        return [*call.identity.headers, *await self._limiter.answer_early(early, call, tick)]

    def _ask_early(
        self, route: RoutePlan, call: Call, before: Confirmed | None, tick: Tick
    ) -> Question | None:
        if before is None or route.limits is None:
            return None
        call.identity = before.identity
        try:
            admit(route, before.identity, call)
        except Refused:
            return None
        return self._limiter.ask_early(route.limits, call, tick)

    def _confirmed(
        self, plan: Plan, credential: Credential, before: Confirmed | None, record: bytes | None
    ) -> Confirmed:
        confirmed = before if before is not None and before.record == record else credential.confirm(record)
        now = time.time()
        if confirmed.expires <= now:
            raise credential.expired()
        if confirmed.refresh_at <= now:
            self._refresh_soon(plan, credential.digest)
        if confirmed is not before:
            self._memory.remember(credential.digest, confirmed)
        return confirmed

    async def _limited(self, route: RoutePlan, call: Call) -> Headers:
        if route.limits is None:
            return call.identity.headers
        await call.weigh()
        return [*call.identity.headers, *await self._limiter.apply(route.limits, call)]


def _leased(route: RoutePlan, credential: Provenance) -> Provenance:
    """What a stream depends on: where nothing is revoked, on the credential's own end."""
    return credential if route.route.revocation else Provenance(expires=credential.expires)
