"""Revocations as an operator orders and lists them."""

import time

from redis.asyncio import Redis

from colonnade_edge.console.keys import Keys
from colonnade_edge.console.models import NewRevocation, RevocationView, RevokedView
from colonnade_edge.errors import Unavailable
from colonnade_edge.keyring import Keyring
from colonnade_edge.policy.plan import Plan
from colonnade_edge.revocation.provenance import of_token
from colonnade_edge.revocation.record import Kind
from colonnade_edge.revocation.stream import publish, read_all
from colonnade_edge.sessions import Sessions, answering


class Revocations:
    """Tells the edges first, which bites at once; then ends what the store keeps."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._keys = Keys(redis)
        self._sessions = Sessions(redis, Keyring())  # ends sessions; their tokens it cannot read

    async def revoke(self, plan: Plan | None, order: NewRevocation) -> RevokedView:
        """Carry an order out; raise `NotFound` for a key that does not exist."""
        if plan is None:
            raise Unavailable("the console has no policy yet")
        kind, value = order.what
        until = time.time() + plan.revocation_life_s
        if order.token is not None:
            token = of_token(order.token, plan.document.identity.issuer)
            value, until = token.token, token.until(until)
        if kind == "key":
            await self._keys.revoke(value)
        async with answering():
            revocation = await publish(self._redis, kind, value, until, plan.revocation_life_s)
        return RevokedView(
            **RevocationView.of(revocation).model_dump(),
            sessions_ended=await self._end_sessions(kind, value),
            keys_revoked=await self._revoke_keys(value) if kind == "device" else int(kind == "key"),
        )

    async def list(self) -> tuple[RevocationView, ...]:
        """Return what holds now, the newest first."""
        now = time.time()
        async with answering():
            newest = {(one.kind, one.value): one async for one in read_all(self._redis) if one.until > now}
        return tuple(map(RevocationView.of, sorted(newest.values(), key=lambda one: -one.at)))

    async def _end_sessions(self, kind: Kind, value: str) -> int:
        match kind:
            case "user":
                return await self._sessions.end_all("", value)
            case "session":  # the digest of a cookie, or the provider's own name for it
                known = await self._sessions.find(value) is not None
                await self._sessions.end(value)
                return known + await self._sessions.end_all(value, "")
            case _:
                return 0

    async def _revoke_keys(self, device: str) -> int:
        keys = [key for key, _ in await self._keys.list()]
        valid = [key for key in keys if key.device_id == device and key.revoked is None]
        for key in valid:
            await self._keys.revoke(key.id)
        return len(valid)
