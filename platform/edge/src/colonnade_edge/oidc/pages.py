"""What lies at which path under /auth."""

import time

from redis.asyncio import Redis

from colonnade_edge import audit
from colonnade_edge.answer import Answer, json_answer
from colonnade_edge.authn.bearer import Bearer
from colonnade_edge.authn.session import CHALLENGE, digest_of, provenance_of
from colonnade_edge.errors import NotFound, Refused, Unauthenticated
from colonnade_edge.keyring import Keyring
from colonnade_edge.oidc.backchannel import backchannel_logout
from colonnade_edge.oidc.login import Login
from colonnade_edge.oidc.logout import confirmation, logout
from colonnade_edge.oidc.pending import PendingLogins
from colonnade_edge.oidc.provider import Provider
from colonnade_edge.oidc.refresh import Refresher
from colonnade_edge.oidc.request import PageRequest
from colonnade_edge.oidc.revoke import Revoker
from colonnade_edge.policy.plan import Plan
from colonnade_edge.revocation.table import Table
from colonnade_edge.rsgi import HTTPProtocol, Scope
from colonnade_edge.sessions import Sessions
from colonnade_edge.settings import Secret
from colonnade_policy import Claims, PolicyDocument

MAX_DETAIL = 200
"""A detail may repeat what a stranger sent."""


class Pages:
    """Answers what browsers and the provider ask under /auth."""

    def __init__(
        self,
        redis: Redis,
        keyring: Keyring,
        revoked: Table,
        bearer: Bearer,
        secret: Secret,
        identity_url: str = "",
    ) -> None:
        self._redis = redis
        self._secret = secret
        self._identity_url = identity_url
        self._sessions = Sessions(redis, keyring)
        self._login = Login(PendingLogins(redis, keyring), self._sessions)
        self._refresher = Refresher(redis, self._sessions)
        self._revoked = revoked
        self._revoker = Revoker(redis, revoked, bearer)
        self._providers: dict[tuple[str, str, Claims], Provider] = {}
        self._refusals = audit.Refusals()

    async def answer(self, plan: Plan, scope: Scope, protocol: HTTPProtocol) -> Answer:
        """Return the answer to one request; raise `Refused` where it is one."""
        request = PageRequest(scope, protocol)
        match request.method:
            case "GET":
                return await self._get(request, plan.document, self._provider(plan))
            case "POST":
                return await self._post(request, plan, self._provider(plan))
            case _:
                raise _nothing()

    def refresh_soon(self, plan: Plan, digest: str) -> None:
        """Renew the tokens of a session in the background."""
        self._refresher.soon(digest, plan.document, lambda: self._provider(plan))

    async def close(self) -> None:
        """Finish renewals, and close the connections."""
        await self._refresher.close()
        for provider in self._providers.values():
            await provider.close()
        await self._redis.aclose()

    async def _get(self, request: PageRequest, policy: PolicyDocument, provider: Provider) -> Answer:
        match request.path:
            case "/auth/login":
                return await self._login.begin(request, policy, provider)
            case "/auth/callback":
                return await self._finish(request, policy, provider)
            case "/auth/logout":
                return await confirmation(provider)
            case "/auth/session":
                return await self._who(request)
            case _:
                raise _nothing()

    async def _post(self, request: PageRequest, plan: Plan, provider: Provider) -> Answer:
        match request.path:
            case "/auth/logout":
                return await logout(request, self._sessions, provider)
            case "/auth/backchannel-logout":
                return await backchannel_logout(await request.form(), self._redis, self._sessions, provider)
            case "/auth/revoke":
                return await self._revoker.answer(request, plan, provider)
            case _:
                raise _nothing()

    async def _finish(self, request: PageRequest, policy: PolicyDocument, provider: Provider) -> Answer:
        try:
            return await self._login.finish(request, policy, provider)
        except Refused as refused:
            detail = refused.detail[:MAX_DETAIL]
            entry = audit.Entry(event="login_failed", reason=refused.slug, detail=detail)
            self._refusals.record(entry, request.header)
            raise

    async def _who(self, request: PageRequest) -> Answer:
        cookie = request.cookie(request.session_cookie)
        digest = digest_of(cookie)
        record = await self._sessions.find(digest) if cookie else None
        if record is None or self._revoked.covers(provenance_of(record, digest)):
            raise Unauthenticated("nobody is logged in: /auth/login", CHALLENGE)
        idle_expires = time.time() + await self._sessions.idle_left_s(digest)
        who = {
            "sub": record.sub,
            "name": record.name,
            "email": record.email,
            "roles": record.roles,
            "scopes": record.scopes,
            "authenticated_at": round(record.created),
            "expires_at": round(record.expires),
            "idle_expires_at": round(min(record.expires, idle_expires)),
        }
        return json_answer(200, who)

    def _provider(self, plan: Plan) -> Provider:
        identity, client_id = plan.document.identity, plan.document.session.client_id
        key = (identity.issuer, client_id, identity.claims)
        if key not in self._providers:
            self._providers[key] = Provider(
                identity.issuer, client_id, self._secret, self._identity_url, identity.claims
            )
        return self._providers[key]


def _nothing() -> NotFound:
    return NotFound("there is nothing at this path with this method")
