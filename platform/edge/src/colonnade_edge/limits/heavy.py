"""Who asks most, without a metric per consumer.

Each process tallies for two seconds and adds its heaviest to sorted sets in the store, one for each limit
and minute, which expire. What is rare may be missing: that is what makes it cheap.
Source of the bounded tally: Manku and Motwani, "Approximate frequency counts over data streams", VLDB 2002.
"""

import asyncio
import logging
import time
from itertools import islice

from redis.asyncio import Redis
from redis.exceptions import RedisError

from colonnade_edge.call import Call
from colonnade_policy.selection import CountedLimit

PREFIX = "colonnade:heavy:"
FLUSH_EVERY_S = 2.0
MAX_TALLIED = 20_000
HEAVIEST = 100
KEPT_S = 300
MINUTE_S = 60
ASKED, REFUSED = "asked", "refused"

log = logging.getLogger(__name__)


class Tally:
    """What one consumer did since the last flush."""

    __slots__ = ("asked", "limit", "refused", "value")

    def __init__(self, limit: str, value: str) -> None:
        self.limit = limit
        self.value = value
        self.asked = 0
        self.refused = 0


class HeavyUsers:
    """Tallies by the store's key of a limit."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._tallies: dict[str, Tally] = {}

    def count(self, key: str, limit: CountedLimit, call: Call, *, refused: bool) -> None:
        """Count one request against one limit."""
        tally = self._tallies.get(key)
        if tally is None:
            if len(self._tallies) >= MAX_TALLIED:
                self._tallies = {k: t for k, t in self._tallies.items() if t.asked > 1}
            if len(self._tallies) >= MAX_TALLIED:
                return
            tally = self._tallies[key] = Tally(limit.name, limit.value_of(call))
        tally.asked += 1
        tally.refused += refused

    async def flush_forever(self) -> None:
        """Flush until cancelled; what a store that is away should have had is lost."""
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            try:
                await self._flush()
            except (RedisError, OSError, TimeoutError) as error:
                log.debug("the heaviest users are not kept: %r", error)

    async def _flush(self) -> None:
        tallies, self._tallies = self._tallies, {}
        if not tallies:
            return
        minute = int(time.time()) // MINUTE_S
        by_limit: dict[str, list[Tally]] = {}
        for tally in tallies.values():
            by_limit.setdefault(tally.limit, []).append(tally)
        async with self._redis.pipeline(transaction=False) as pipeline:
            for limit, found in by_limit.items():
                heaviest = islice(sorted(found, key=lambda tally: -tally.asked), HEAVIEST)
                for tally in heaviest:
                    for what, count in ((ASKED, tally.asked), (REFUSED, tally.refused)):
                        if count:
                            pipeline.zincrby(key_of(limit, what, minute), count, tally.value)
                for what in (ASKED, REFUSED):
                    pipeline.expire(key_of(limit, what, minute), KEPT_S)
            await pipeline.execute()


def key_of(limit: str, what: str, minute: int) -> str:
    """Return the key of the sorted set of one limit and minute (since 1970)."""
    return f"{PREFIX}{limit}:{what}:{minute}"
