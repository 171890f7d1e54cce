"""A lease in the store: at most one process holds it, and it ends by itself."""

import secrets

from redis.asyncio import Redis

GIVE_BACK = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
"""Compare and delete: a lease that ended meanwhile may be somebody else's by now."""


class Lease:
    """One key; `life_s` is how long it is held at most."""

    def __init__(self, redis: Redis, key: str, life_s: int) -> None:
        self._redis = redis
        self._key = key
        self._life_s = life_s
        self._owner = secrets.token_bytes(16)

    async def take(self) -> bool:
        """Take the lease; return whether it is ours now. Raises what redis-py raises."""
        return bool(await self._redis.set(self._key, self._owner, nx=True, ex=self._life_s))

    async def give_back(self) -> None:
        """End the lease if it is still ours. Raises what redis-py raises."""
        await self._redis.eval(GIVE_BACK, 1, self._key, self._owner)
