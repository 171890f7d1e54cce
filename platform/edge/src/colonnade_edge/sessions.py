"""Web sessions in the store: begun at login, ended at logout, found again by what the provider calls them.

| Key | Holds | Lives |
|---|---|---|
| `colonnade:session:{<digest>}` | who, and until when | the idle time, prolonged by each request |
| `colonnade:tokens:{<digest>}` | the provider's tokens | the idle time after the next refresh |
| `colonnade:sid:<sid>`, `colonnade:sub:<sub>` | digests of sessions | the absolute time |
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from colonnade_edge.authn.session import SessionRecord, digest_of, new_id, session_key
from colonnade_edge.errors import Unavailable

TOKENS_PREFIX = "colonnade:tokens:"
SID_PREFIX = "colonnade:sid:"
SUB_PREFIX = "colonnade:sub:"


class Tokens(msgspec.Struct, frozen=True):
    """What the provider gave us for one login; none of it ever leaves the store for a browser."""

    access_token: str
    refresh_token: str
    id_token: str


@asynccontextmanager
async def answering() -> AsyncIterator[None]:
    """Turn a failure of the store into a refusal that says so."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise Unavailable("the store that keeps sessions does not answer") from error


class Sessions:
    """The sessions of all instances."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def begin(self, record: SessionRecord, tokens: Tokens, idle_s: int) -> str:
        """Keep a new session, and return the cookie value that opens it."""
        cookie = new_id()
        digest = digest_of(cookie)
        absolute_s = max(1, round(record.expires - time.time()))
        async with answering():
            # First the way to end it, then the session itself: one that nobody can end must not be.
            for index in _indexes(record):
                pipe = self._redis.pipeline(transaction=True)
                pipe.sadd(index, digest)
                pipe.expire(index, absolute_s)
                await pipe.execute()
            pipe = self._redis.pipeline(transaction=True)
            pipe.set(session_key(digest), msgspec.json.encode(record), ex=min(idle_s, absolute_s))
            pipe.set(tokens_key(digest), msgspec.json.encode(tokens), ex=_tokens_s(record, idle_s))
            await pipe.execute()
        return cookie

    async def renew(self, digest: str, record: SessionRecord, tokens: Tokens, idle_s: int) -> None:
        """Replace what is kept of a session, unless it ended meanwhile."""
        async with answering():
            key = session_key(digest)
            if await self._redis.set(key, msgspec.json.encode(record), xx=True, keepttl=True):
                await self._redis.set(
                    tokens_key(digest), msgspec.json.encode(tokens), ex=_tokens_s(record, idle_s)
                )

    async def find(self, digest: str, idle_s: int = 0) -> SessionRecord | None:
        """Return a session that is not over, prolonging it if `idle_s`."""
        key = session_key(digest)
        async with answering():
            data = await (self._redis.getex(key, ex=idle_s) if idle_s else self._redis.get(key))
        record = msgspec.json.decode(data, type=SessionRecord) if data else None
        return record if record is not None and record.expires > time.time() else None

    async def tokens(self, digest: str) -> Tokens | None:
        """Return the tokens of a session."""
        async with answering():
            data = await self._redis.get(tokens_key(digest))
        return msgspec.json.decode(data, type=Tokens) if data else None

    async def end(self, digest: str) -> SessionRecord | None:
        """Forget a session and its tokens; return what it was, if it was not over."""
        record = await self.find(digest)
        async with answering():
            await self._redis.delete(session_key(digest), tokens_key(digest))
            for index in _indexes(record) if record is not None else ():
                await self._redis.srem(index, digest)
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
