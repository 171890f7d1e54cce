"""API keys as an operator makes, lists and revokes them."""

import time

import msgspec
from redis.asyncio import Redis

from colonnade_edge.authn.api_key import KEY_PREFIX, KeyRecord, digest_of, new_key
from colonnade_edge.console.models import NewKey
from colonnade_edge.sessions import answering

SCAN_BATCH = 1000


class Keys:
    """The API keys in the store."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def create(self, order: NewKey, expires: float | None) -> tuple[str, KeyRecord]:
        """Make a key; return it, for the only time, and what is kept of it."""
        key_id, key = new_key()
        record = KeyRecord(
            key_id,
            digest_of(key),
            order.device_id,
            order.name,
            order.scopes,
            time.time(),
            expires,
            groups=order.groups,
        )
        async with answering():
            await self._redis.set(KEY_PREFIX + key_id, msgspec.json.encode(record), nx=True)
        return key, record

    async def list(self) -> list[KeyRecord]:
        """Return all keys, newest first."""
        async with answering():
            names = [name async for name in self._redis.scan_iter(match=f"{KEY_PREFIX}*", count=SCAN_BATCH)]
            found = await self._redis.mget(names) if names else []
        records = [msgspec.json.decode(data, type=KeyRecord) for data in found if data]
        return sorted(records, key=lambda record: record.created, reverse=True)

    async def revoke(self, key_id: str) -> KeyRecord | None:
        """Revoke a key; return what is kept of it, or None where there is none of that id."""
        name = KEY_PREFIX + key_id
        async with answering():
            data = await self._redis.get(name)
            if not data:
                return None
            record = msgspec.json.decode(data, type=KeyRecord)
            if record.revoked is None:
                record = msgspec.structs.replace(record, revoked=time.time())
                await self._redis.set(name, msgspec.json.encode(record), xx=True)
        return record
