"""The decision about one request: credential, scopes, CSRF, limits, in this order."""

import time
from collections.abc import Callable, Sequence

from colonnade_edge.answer import Headers
from colonnade_edge.authn import api_key, jwt, session
from colonnade_edge.authn.credential import Confirmed, Credential, Memory
from colonnade_edge.authn.identity import of_address
from colonnade_edge.authz import admit
from colonnade_edge.call import Call
from colonnade_edge.errors import Refused, StoreUnavailable, Unavailable
from colonnade_edge.limits.headers import exceeded, limit_headers
from colonnade_edge.limits.local import LocalBuckets
from colonnade_edge.limits.plan import LimitPlan
from colonnade_edge.policy.plan import Plan, RoutePlan
from colonnade_edge.store.tick import Tick, Ticker


class Decider:
    """Decides by a plan and what the store says."""

    def __init__(self, ticker: Ticker, refresh_soon: Callable[[Plan, str], None]) -> None:
        self._ticker = ticker
        self._refresh_soon = refresh_soon
        self._memory = Memory()
        self._local = LocalBuckets()

    async def decide(self, plan: Plan, route: RoutePlan, call: Call) -> Headers:
        """Return the headers of the positive answer; raise `Refused` where the request may not pass."""
        match route.route.auth:
            case "jwt":
                call.identity = jwt.identify(call.header("x-colonnade-jwt"))
            case "none":
                call.identity = of_address(call.header("x-colonnade-ip"))
            case "api_key":
                return await self._stored(plan, route, call, api_key.presented(call.header("x-api-key")))
            case "session":
                return await self._stored(plan, route, call, self._session(plan, call))
        admit(route, call.identity, call)
        return await self._limited(route, call)

    def _session(self, plan: Plan, call: Call) -> session.Session:
        plain = plan.document.development
        return session.presented(call.header("cookie"), plan.session_idle_s, plain_allowed=plain)

    async def _stored(self, plan: Plan, route: RoutePlan, call: Call, credential: Credential) -> Headers:
        """Decide with a credential that the store must confirm.

        One that was confirmed before has its limits counted in the same trip, because its consumer is known.
        """
        before = self._memory.recall(credential.digest)
        try:
            tick = self._ticker.tick()
            read = tick.read(credential.store_key, credential.idle_s)
            taken_at = self._take_early(route, call, before, tick)
            await tick.answered
        except StoreUnavailable as error:
            raise Unavailable("the store that knows this credential does not answer") from error
        confirmed = self._confirmed(plan, credential, before, tick.records[read])
        call.identity = confirmed.identity
        admit(route, call.identity, call)
        if taken_at is None:
            return await self._limited(route, call)
        return self._answer(route, call, route.limits, tick.levels[taken_at : taken_at + len(route.limits)])

    def _take_early(self, route: RoutePlan, call: Call, before: Confirmed | None, tick: Tick) -> int | None:
        if before is None or not route.limits:
            return None
        call.identity = before.identity
        try:
            admit(route, before.identity, call)
        except Refused:
            return None
        return tick.take([limit.key_of(call) for limit in route.limits], route.packed)

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
        limits = route.limits
        if not limits:
            return call.identity.headers
        keys = [limit.key_of(call) for limit in limits]
        try:
            tick = self._ticker.tick()
            at = tick.take(keys, route.packed)
            await tick.answered
        except StoreUnavailable:
            return self._without_store(route, call, keys)
        return self._answer(route, call, limits, tick.levels[at : at + len(limits)])

    def _answer(
        self, route: RoutePlan, call: Call, limits: Sequence[LimitPlan], levels: list[int]
    ) -> Headers:
        if levels[0] < 0:
            raise exceeded(limits, [-1 - level for level in levels], route.policy_field)
        return [*call.identity.headers, *limit_headers(limits, levels, route.policy_field)]

    def _without_store(self, route: RoutePlan, call: Call, keys: list[str]) -> Headers:
        """Decide by what each limit says about a store that is away."""
        if any(limit.on_store_failure == "deny" for limit in route.limits):
            raise Unavailable("the store that counts this route's limits does not answer")
        counted = [
            (key, limit)
            for key, limit in zip(keys, route.limits, strict=True)
            if limit.on_store_failure == "local"
        ]
        if not counted:
            return [*call.identity.headers, ("ratelimit-policy", route.policy_field)]
        limits = [limit for _, limit in counted]
        levels = self._local.take([key for key, _ in counted], [limit.bucket for limit in limits])
        return self._answer(route, call, limits, levels)
