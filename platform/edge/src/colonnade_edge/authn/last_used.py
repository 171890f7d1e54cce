"""When each API key was last used, to the minute.

A decision only notes it here; every few seconds what changed is added to one sorted set of the store, by key
id with the minute as its score. Of several processes the latest minute wins.
"""

import asyncio
import logging
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

LAST_USED = "colonnade:key-used"
FLUSH_EVERY_S = 3.0
MINUTE_S = 60

log = logging.getLogger(__name__)


class LastUsed:
    """What one process has to tell the store."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._minute = 0
        self._noted: set[str] = set()
        self._untold: dict[str, int] = {}

    def note(self, key_id: str, now: float) -> None:
        """Note the use of a key; its first use in a minute is the one that is told. `now` is since 1970."""
        minute = int(now) // MINUTE_S
        if minute != self._minute:
            self._minute = minute
            self._noted.clear()
        if key_id not in self._noted:
            self._noted.add(key_id)
            self._untold[key_id] = minute

    async def flush_forever(self) -> None:
        """Tell the store until cancelled; what it could not be told is told when it is back."""
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            await self.flush()

    async def flush(self) -> None:
        """Tell the store what changed since the last time."""
        untold, self._untold = self._untold, {}
        if not untold:
            return
        try:
            await self._redis.zadd(LAST_USED, untold, gt=True)
        except (RedisError, OSError, TimeoutError) as error:
            self._untold = untold | self._untold
            log.debug("when keys were used is not kept yet: %r", error)


async def last_used(redis: Redis) -> dict[str, float]:
    """Return key id → when the minute of its last use began, in seconds since 1970."""
    pairs = cast("list[tuple[bytes, float]]", await redis.zrange(LAST_USED, 0, -1, withscores=True))
    return {name.decode(): minute * MINUTE_S for name, minute in pairs}
