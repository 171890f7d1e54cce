"""Login by authorization code with PKCE, state and nonce; only the browser that began can finish."""

import hmac
import time

from authlib.common.security import generate_token

from colonnade_edge import audit
from colonnade_edge.answer import NO_STORE, Answer
from colonnade_edge.authn.session import SessionRecord, digest_of, new_id
from colonnade_edge.errors import BadRequest
from colonnade_edge.oidc.cookies import (
    cleared,
    login_cookie,
    login_cookie_name,
    session_cookie,
)
from colonnade_edge.oidc.grant import Grant
from colonnade_edge.oidc.pending import PendingLogin, PendingLogins
from colonnade_edge.oidc.person import User, user_of
from colonnade_edge.oidc.provider import Provider
from colonnade_edge.oidc.request import PageRequest, own_path
from colonnade_edge.sessions import Sessions
from colonnade_policy import PolicyDocument

VERIFIER_LENGTH = 64


class Login:
    """Begins and finishes logins."""

    def __init__(self, pending: PendingLogins, sessions: Sessions) -> None:
        self._pending = pending
        self._sessions = sessions

    async def begin(self, request: PageRequest, policy: PolicyDocument, provider: Provider) -> Answer:
        """Send the browser to the provider."""
        if not (request.secure or policy.development):
            raise BadRequest("log in over https: outside development the session cookie needs it")
        return_to = own_path(request.query.get("return_to") or "/")
        state, browser, nonce = new_id(), new_id(), new_id()
        verifier: str = generate_token(VERIFIER_LENGTH)
        redirect_uri = f"{request.origin}/auth/callback"
        url = await provider.login_url(
            state=state,
            nonce=nonce,
            code_verifier=verifier,
            redirect_uri=redirect_uri,
            scope=" ".join(policy.session.scopes),
        )
        digest = digest_of(state)
        pending = PendingLogin(digest_of(browser), verifier, nonce, redirect_uri, return_to)
        await self._pending.keep(digest, pending)
        name = login_cookie_name(digest, secure=request.secure)
        return Answer(302, [("location", url), login_cookie(name, browser, secure=request.secure), NO_STORE])

    async def finish(self, request: PageRequest, policy: PolicyDocument, provider: Provider) -> Answer:
        """Exchange the code, begin a session under a new id, and send the browser where it wanted to go."""
        state_digest = digest_of(request.query.get("state", ""))
        cookie_name = login_cookie_name(state_digest, secure=request.secure)
        pending = await self._take(state_digest, request.cookie(cookie_name))
        code = await _code(request, provider)
        grant = await provider.exchange(code, pending.redirect_uri, pending.verifier, policy.session.scopes)
        user = await user_of(provider, grant, pending.nonce)
        before = request.cookie(request.session_cookie)
        if before:
            await self._sessions.end(digest_of(before))
        record = new_record(user, grant, policy)
        cookie = await self._sessions.begin(record, grant.tokens, round(policy.session.idle_s))
        entry = audit.Entry(
            event="login",
            consumer=record.consumer,
            client_id=record.client_id,
            session=digest_of(cookie),
        )
        audit.record(entry, request.header)
        headers = [
            ("location", pending.return_to),
            session_cookie(request.session_cookie, cookie, secure=request.secure),
            cleared(cookie_name, secure=request.secure),
            NO_STORE,
        ]
        return Answer(302, headers)

    async def _take(self, state_digest: str, browser: str) -> PendingLogin:
        pending = await self._pending.take(state_digest)
        if pending is None:
            raise BadRequest("this login is unknown, has expired or was finished before: begin again")
        if not hmac.compare_digest(pending.browser, digest_of(browser)):
            raise BadRequest("this login was begun in another browser: begin again")
        return pending


async def _code(request: PageRequest, provider: Provider) -> str:
    metadata = await provider.discovery.metadata()
    issuer = request.query.get("iss")
    if issuer != provider.issuer and (issuer or metadata.authorization_response_iss_parameter_supported):
        raise BadRequest("the answer does not come from the identity provider that was asked")
    if error := request.query.get("error"):
        raise BadRequest(f"the identity provider did not log you in: {error}")
    code = request.query.get("code")
    if not code:
        raise BadRequest("the answer of the identity provider has no code")
    return code


def new_record(user: User, grant: Grant, policy: PolicyDocument) -> SessionRecord:
    """Return the record of a session that begins now."""
    now = time.time()
    return SessionRecord(
        sub=user.sub,
        email=user.email,
        name=user.name,
        roles=user.roles,
        scopes=grant.scopes,
        client_id=policy.session.client_id,
        sid=user.sid,
        created=now,
        expires=now + policy.session.absolute_s,
        refresh_at=refresh_at(grant, now),
        user="" if user.user == user.sub else user.user,
    )


def refresh_at(grant: Grant, now: float) -> float | None:
    """Return when to renew the access token: a minute before its end, or half way where it lives shorter."""
    if not grant.tokens.refresh_token:
        return None
    return now + max(grant.expires_in - 60, grant.expires_in / 2)
