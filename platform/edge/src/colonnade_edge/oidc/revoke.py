"""Token revocation by whoever holds the token (RFC 7009).

Possession is the authority: an app on a person's device is a public client, which has no secret to prove who
it is (RFC 7009 §2.1, RFC 6749 §2.1), and who holds a token can do worse with it than end it.
"""

import time

from redis.asyncio import Redis

from colonnade_edge import audit
from colonnade_edge.answer import NO_STORE, Answer
from colonnade_edge.authn.bearer import Bearer
from colonnade_edge.authn.identity import NOBODY
from colonnade_edge.errors import BadRequest, Unauthenticated
from colonnade_edge.oidc.provider import Provider
from colonnade_edge.oidc.request import PageRequest
from colonnade_edge.policy.plan import Plan
from colonnade_edge.revocation.provenance import Provenance
from colonnade_edge.revocation.stream import publish
from colonnade_edge.revocation.table import Table
from colonnade_edge.sessions import answering
from colonnade_policy.counted import CLIENT_IP


class Revoker:
    """Revokes access tokens that are good here, and passes all on to the provider, which knows of others."""

    def __init__(self, redis: Redis, revoked: Table, bearer: Bearer) -> None:
        self._redis = redis
        self._revoked = revoked
        self._bearer = bearer

    async def answer(self, request: PageRequest, plan: Plan, provider: Provider) -> Answer:
        """Answer 200 whether or not the token was known (RFC 7009 §2.2).

        Raises `BadRequest` without a token, and `Unavailable` where nobody can say now whether it is good.
        """
        form = await request.form()
        text = form.get("token")
        if not text:
            raise BadRequest("send the token to revoke as a form: token=…")
        try:
            owner = await self._bearer.owner(plan, request.header(CLIENT_IP), text)
        except Unauthenticated:
            owner = NOBODY  # what anybody could send is not remembered
        if owner is not NOBODY and not self._revoked.covers(owner.provenance):
            await self._revoke(owner.provenance, plan, request)
        await provider.revoke(form)
        return Answer(200, [NO_STORE])

    async def _revoke(self, token: Provenance, plan: Plan, request: PageRequest) -> None:
        until = token.until(time.time() + plan.revocation_life_s)
        async with answering():
            await publish(self._redis, "token", token.token, until, plan.revocation_life_s)
        audit.record(audit.revoked("token", token.token, by="holder"), request.header)
