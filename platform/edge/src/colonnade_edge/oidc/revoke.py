"""Token revocation by whoever holds the token (RFC 7009).

Possession is the authority: an app on a person's device is a public client, which has no secret to prove who
it is (RFC 7009 §2.1, RFC 6749 §2.1), and who holds a token can do worse with it than end it.
"""

import time

from joserfc.errors import JoseError
from redis.asyncio import Redis

from colonnade_edge import audit
from colonnade_edge.answer import NO_STORE, Answer
from colonnade_edge.errors import BadRequest
from colonnade_edge.oidc.provider import Provider
from colonnade_edge.oidc.request import PageRequest
from colonnade_edge.policy.plan import Plan
from colonnade_edge.revocation.provenance import Provenance, of_token
from colonnade_edge.revocation.stream import publish
from colonnade_edge.revocation.table import Table
from colonnade_edge.sessions import answering


class Revoker:
    """Revokes tokens that the provider signed, and passes all on to it: of refresh tokens only it knows."""

    def __init__(self, redis: Redis, revoked: Table) -> None:
        self._redis = redis
        self._revoked = revoked

    async def answer(self, request: PageRequest, plan: Plan, provider: Provider) -> Answer:
        """Answer 200 whether or not the token was known (RFC 7009 §2.2); raise `BadRequest` without one."""
        form = await request.form()
        text = form.get("token")
        if not text:
            raise BadRequest("send the token to revoke as a form: token=…")
        token = await _verified(text, provider)
        if token is not None and not self._revoked.covers(token):
            await self._revoke(token, plan, request)
        await provider.revoke(form)
        return Answer(200, [NO_STORE])

    async def _revoke(self, token: Provenance, plan: Plan, request: PageRequest) -> None:
        now = time.time()
        until = token.until(now + plan.revocation_life_s)
        if until <= now:
            return
        async with answering():
            await publish(self._redis, "token", token.token, until, plan.revocation_life_s)
        audit.record(audit.revoked("token", token.token, by="holder"), request.header)


async def _verified(text: str, provider: Provider) -> Provenance | None:
    """Return by what a token of the provider is revoked; None where it is none, which anybody could send."""
    try:
        await provider.discovery.verify(text)
    except (JoseError, ValueError):
        return None
    return of_token(text, provider.issuer)
