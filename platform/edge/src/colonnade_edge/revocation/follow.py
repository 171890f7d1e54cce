"""Keeps the table current: a connection of its own waits for what the stream says next."""

import asyncio
import logging
from collections.abc import Callable

from redis.asyncio import Redis
from redis.exceptions import RedisError

from colonnade_edge.revocation.stream import BATCH, START, decode, read_next
from colonnade_edge.revocation.table import Table
from colonnade_edge.store import connect

WAIT_S = 0.5
"""How long the store lets us wait; then we ask again, which also tells whether it is still there."""
ANSWER_WITHIN_S = WAIT_S + connect.ANSWER_WITHIN_S
RETRY_S = 0.1

log = logging.getLogger(__name__)


class Follower:
    """Reads the stream into the table.

    `redis` must bear with answers that take `ANSWER_WITHIN_S`. After an outage the stream is read from its
    beginning: the store may be another one now, with a clock that is behind.
    """

    def __init__(self, redis: Redis, table: Table) -> None:
        self._redis = redis
        self._table = table
        self._after = START

    async def start(self) -> None:
        """Read all there is; leave it to `follow` where the store is away."""
        try:
            await self._catch_up(block_ms=None)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("revocations are not known yet: %r", error)

    async def follow(self, on_news: Callable[[], None]) -> None:
        """Follow until cancelled, and call `on_news` after each look."""
        away = not self._table.known
        # Up to Python 3.11, `asyncio.wait_for` in redis-py loses a cancellation that comes with the result
        # (github.com/python/cpython/issues/86296; 4 % of those at random moments); the task knows of it.
        while not asyncio.current_task().cancelling():  # type: ignore[union-attr]  # within a task there is one
            try:
                # After an outage at once, to know that it is over; then what comes next is waited for.
                await self._catch_up(block_ms=None if away else round(WAIT_S * 1000))
                on_news()
                if away:
                    log.warning("revocations are followed again")
                away = False
            except (RedisError, OSError, TimeoutError) as error:
                if not away:
                    log.warning("the store does not answer; revocations are those known so far: %r", error)
                away, self._after = True, START
                await asyncio.sleep(RETRY_S)

    async def close(self) -> None:
        """Close the connection."""
        await self._redis.aclose()

    async def _catch_up(self, block_ms: int | None) -> None:
        while await self._read(block_ms) == BATCH:
            block_ms = None
        self._table.heard()
        self._table.forget()

    async def _read(self, block_ms: int | None) -> int:
        """Take in what comes next; return how many entries that were."""
        entries = await read_next(self._redis, self._after, block_ms)
        for revocation in decode(entries):
            self._table.add(revocation)
        if entries:
            self._after = entries[-1][0].decode()
        return len(entries)
