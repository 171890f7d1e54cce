"""API keys as an operator makes, lists, rotates and revokes them."""

import time
from collections.abc import Callable
from typing import cast

import msgspec
from redis.asyncio import Redis

from colonnade_edge.authn.api_key import KEY_PREFIX, KeyRecord, digest_of, new_key
from colonnade_edge.authn.last_used import last_used
from colonnade_edge.console.models import NewKey, Rotation
from colonnade_edge.errors import BadRequest, NotFound
from colonnade_edge.sessions import answering

SCAN_BATCH = 1000

REPLACE_UNCHANGED = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""
"""Two orders at the same time must not undo each other: a revoked key stays revoked."""


class Keys:
    """The API keys in the store."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._replace_unchanged = redis.register_script(REPLACE_UNCHANGED)

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
            certificate=order.certificate_sha256,
        )
        await self._keep(record)
        return key, record

    async def list(self) -> list[tuple[KeyRecord, float | None]]:
        """Return all keys, newest first, each with when it was last used (seconds since 1970)."""
        async with answering():
            names = [name async for name in self._redis.scan_iter(match=f"{KEY_PREFIX}*", count=SCAN_BATCH)]
            found = await self._redis.mget(names) if names else []
            used = await last_used(self._redis)
        records = [msgspec.json.decode(data, type=KeyRecord) for data in found if data]
        records.sort(key=lambda record: record.created, reverse=True)
        return [(record, used.get(record.id)) for record in records]

    async def rotate(self, key_id: str, order: Rotation) -> tuple[str, KeyRecord, KeyRecord]:
        """Make the successor of a key, which itself ends with the grace, or earlier if it was to.

        Return the new key, for the only time, what is kept of it, and what is now kept of the old one. The
        new one has the device, name, scopes, groups, length of life and (unless the order says another) the
        certificate of the old one. Raises `NotFound`, or `BadRequest` where the old one is no longer good or
        was rotated before.
        """
        now = time.time()
        old = await self._find(key_id)
        _rotatable(old, now)
        new_id, key = new_key()
        expires = None if old.expires is None else now + old.expires - old.created
        new = msgspec.structs.replace(
            old,
            id=new_id,
            digest=digest_of(key),
            created=now,
            expires=expires,
            replaced_by="",
            certificate=order.certificate_sha256 or old.certificate,
        )

        def retire(record: KeyRecord) -> KeyRecord:
            _rotatable(record, now)
            ends = now + order.grace_s
            ends = ends if record.expires is None else min(ends, record.expires)
            return msgspec.structs.replace(record, expires=ends, replaced_by=new_id)

        # The successor comes first: should the second step fail, the device's key is as good as before.
        await self._keep(new)
        try:
            return key, new, await self._change(key_id, retire)
        except BadRequest:
            async with answering():
                await self._redis.delete(KEY_PREFIX + new_id)
            raise

    async def revoke(self, key_id: str) -> KeyRecord:
        """Revoke a key; return what is kept of it. Raises `NotFound`."""
        now = time.time()

        def end(record: KeyRecord) -> KeyRecord:
            return record if record.revoked is not None else msgspec.structs.replace(record, revoked=now)

        return await self._change(key_id, end)

    async def _keep(self, record: KeyRecord) -> None:
        async with answering():
            await self._redis.set(KEY_PREFIX + record.id, msgspec.json.encode(record), nx=True)

    async def _find(self, key_id: str) -> KeyRecord:
        return msgspec.json.decode(await self._read(key_id), type=KeyRecord)

    async def _read(self, key_id: str) -> bytes:
        async with answering():
            data = await self._redis.get(KEY_PREFIX + key_id)
        if not data:
            raise NotFound(f"there is no key with the id {key_id}")
        return cast("bytes", data)

    async def _change(self, key_id: str, change: Callable[[KeyRecord], KeyRecord]) -> KeyRecord:
        """Replace a record by what `change` makes of it as it is at that moment; return the result."""
        while True:
            before = await self._read(key_id)
            record = change(msgspec.json.decode(before, type=KeyRecord))
            async with answering():
                arguments = [before, msgspec.json.encode(record)]
                if await self._replace_unchanged(keys=[KEY_PREFIX + key_id], args=arguments):
                    return record


def _rotatable(record: KeyRecord, now: float) -> None:
    if record.revoked is not None or (record.expires is not None and record.expires <= now):
        raise BadRequest("this key is no longer good: make a new one")
    if record.replaced_by:
        raise BadRequest(f"this key was rotated already: rotate its successor, {record.replaced_by}")
