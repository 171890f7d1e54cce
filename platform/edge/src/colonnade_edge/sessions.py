"""Web sessions in the store: begun at login, ended at logout, found again by what the provider calls them.

| Key | Holds | Lives |
|---|---|---|
| `colonnade:session:{<digest>}` | who, and until when | the idle time, prolonged by each request |
| `colonnade:tokens:{<digest>}` | the provider's tokens, encrypted | the idle time after the next refresh |
| `colonnade:sid:<sid>`, `colonnade:sub:<sub>` | digests of sessions | the absolute time |
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from colonnade_edge.authn.session import SessionRecord, digest_of, new_id, session_key
from colonnade_edge.errors import Unavailable
from colonnade_edge.keyring import Keyring

TOKENS_PREFIX = "colonnade:tokens:"
SID_PREFIX = "colonnade:sid:"
SUB_PREFIX = "colonnade:sub:"

RENEW = """
-- KEYS: session, tokens. ARGV: the tokens as they were, the new session and tokens, their life in seconds.
if redis.call('GET', KEYS[2]) ~= ARGV[1] or redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
redis.call('SET', KEYS[2], ARGV[3], 'EX', ARGV[4])
return 1
"""
END_UNCHANGED = """
-- KEYS: session, tokens. ARGV: the tokens as they were, or nothing where there were none.
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1], KEYS[2])
"""


class Tokens(msgspec.Struct, frozen=True):
    """What the provider gave us for one login; none of it ever leaves the store for a browser."""

    access_token: str
    refresh_token: str
    id_token: str

    def __repr__(self) -> str:
        """Return a placeholder."""
        return "Tokens([redacted])"


class Kept(msgspec.Struct, frozen=True):
    """The tokens of a session as the store has them; None where there are none, or no key of ours opens them.

    `sealed` tells later whether they are still the same.
    """

    tokens: Tokens | None
    sealed: bytes


@asynccontextmanager
async def answering() -> AsyncIterator[None]:
    """Turn a failure of the store into a refusal that says so."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise Unavailable("the store that keeps sessions does not answer") from error


class Sessions:
    """The sessions of all instances."""

    def __init__(self, redis: Redis, keyring: Keyring) -> None:
        self._redis = redis
        self._keyring = keyring

    async def begin(self, record: SessionRecord, tokens: Tokens, idle_s: int) -> str:
        """Keep a new session, and return the cookie value that opens it."""
        cookie = new_id()
        digest = digest_of(cookie)
        absolute_s = max(1, round(record.expires - time.time()))
        sealed = self._sealed(digest, tokens)
        async with answering():
            # First the way to end it, then the session itself: one that nobody can end must not be.
            for index in _indexes(record):
                pipe = self._redis.pipeline(transaction=True)
                pipe.sadd(index, digest)
                pipe.expire(index, absolute_s)
                await pipe.execute()
            pipe = self._redis.pipeline(transaction=True)
            pipe.set(session_key(digest), msgspec.json.encode(record), ex=min(idle_s, absolute_s))
            pipe.set(tokens_key(digest), sealed, ex=_tokens_s(record, idle_s))
            await pipe.execute()
        return cookie

    async def renew(
        self, digest: str, before: Kept, record: SessionRecord, tokens: Tokens, idle_s: int
    ) -> bool:
        """Replace what is kept of a session; return False where it ended, or was renewed, since `before`."""
        life_s = _tokens_s(record, idle_s)
        encoded, sealed = msgspec.json.encode(record), self._sealed(digest, tokens)
        async with answering():
            keys = session_key(digest), tokens_key(digest)
            return bool(await self._redis.eval(RENEW, 2, *keys, before.sealed, encoded, sealed, life_s))

    async def find(self, digest: str) -> SessionRecord | None:
        """Return a session that is not over; its life is not prolonged."""
        async with answering():
            data = await self._redis.get(session_key(digest))
        record = msgspec.json.decode(data, type=SessionRecord) if data else None
        return record if record is not None and record.expires > time.time() else None

    async def idle_left_s(self, digest: str) -> int:
        """Return the seconds after which a session ends if nobody uses it."""
        async with answering():
            return max(0, int(await self._redis.ttl(session_key(digest))))

    async def tokens(self, digest: str) -> Kept:
        """Return the tokens of a session."""
        key = tokens_key(digest)
        async with answering():
            sealed = cast("bytes", await self._redis.get(key) or b"")
        plain = self._keyring.unseal(sealed, key)
        return Kept(msgspec.json.decode(plain, type=Tokens) if plain else None, sealed)

    async def end(self, digest: str) -> SessionRecord | None:
        """Forget a session and its tokens; return what it was, if it was not over."""
        record = await self.find(digest)
        async with answering():
            await self._redis.delete(session_key(digest), tokens_key(digest))
        await self._unlist(digest, record)
        return record

    async def end_unchanged(self, digest: str, before: Kept) -> SessionRecord | None:
        """End a session unless it was renewed since `before`; return what it was, None where it goes on."""
        record = await self.find(digest)
        async with answering():
            keys = session_key(digest), tokens_key(digest)
            ended = await self._redis.eval(END_UNCHANGED, 2, *keys, before.sealed)
        if not ended:
            return None
        await self._unlist(digest, record)
        return record

    async def end_all(self, sid: str, sub: str) -> int:
        """End the sessions of `sid`, or all of `sub` where no `sid` is given; return how many.

        Where both are given, sessions of `sub` whose provider told us no `sid` at their login end too.
        """
        if not sid:
            return await self._end_listed(SUB_PREFIX + sub, lambda _: True)
        ended = await self._end_listed(SID_PREFIX + sid, lambda _: True)
        return ended + (await self._end_listed(SUB_PREFIX + sub, lambda record: not record.sid) if sub else 0)

    async def _end_listed(self, index: str, chosen: Callable[[SessionRecord], bool]) -> int:
        async with answering():
            digests = [_text(digest) for digest in await self._redis.smembers(index)]
        ended = 0
        for digest in digests:
            record = await self.find(digest)
            if record is not None and not chosen(record):
                continue
            await self.end(digest)
            ended += record is not None
            async with answering():
                await self._redis.srem(index, digest)
        return ended

    async def _unlist(self, digest: str, record: SessionRecord | None) -> None:
        async with answering():
            for index in _indexes(record) if record is not None else ():
                await self._redis.srem(index, digest)

    def _sealed(self, digest: str, tokens: Tokens) -> bytes:
        return self._keyring.seal(msgspec.json.encode(tokens), tokens_key(digest))


def tokens_key(digest: str) -> str:
    """Return where the store keeps a session's tokens."""
    return f"{TOKENS_PREFIX}{{{digest}}}"


def _text(member: bytes | str) -> str:
    return member.decode() if isinstance(member, bytes) else member


def _indexes(record: SessionRecord) -> list[str]:
    indexes = [SUB_PREFIX + record.sub]
    return [*indexes, SID_PREFIX + record.sid] if record.sid else indexes


def _tokens_s(record: SessionRecord, idle_s: int) -> int:
    """Return the seconds after which no request can ask for the tokens any more."""
    until = record.expires if record.refresh_at is None else min(record.expires, record.refresh_at + idle_s)
    return max(1, round(until - time.time()))
