"""Clients of the store: one server, or a cluster of them."""

from typing import Any, cast

from redis.asyncio import ConnectionPool, Redis, RedisCluster
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as BrokenConnectionError

from colonnade_edge.store.hold import Hold

ANSWER_WITHIN_S = 0.25
"""A round trip takes under a millisecond: a store that takes this long is away, not busy."""

CLUSTER = {"redis-cluster://": "redis://", "rediss-cluster://": "rediss://"}


class HeldPool(ConnectionPool):
    """Gives no connection away while the store is restarted."""

    def __init__(self, hold: Hold, **options: Any) -> None:  # noqa: ANN401 - redis-py's own
        super().__init__(**options)
        self._hold = hold

    async def get_connection(self, *_: object, **__: object) -> AbstractConnection:
        """Return a connection as soon as the store may be asked."""
        await self._hold.over()
        connection: AbstractConnection = await super().get_connection()  # type: ignore[no-untyped-call]  # redis-py
        return connection


def connect(url: str, answer_within_s: float = ANSWER_WITHIN_S, hold: Hold | None = None) -> Redis:
    """Return a client whose caller decides what a failure means.

    A connection that broke is made anew, once and at once: after a restart of the store every
    connection in the pool is broken, and none of them should cost anybody an answer. The URL of a cluster
    begins with `redis-cluster://` or `rediss-cluster://` and names any of its nodes; it is never restarted as
    a whole, so that `hold` is for a single server.
    """
    options: dict[str, Any] = {
        "retry": Retry(NoBackoff(), 1, supported_errors=(BrokenConnectionError,)),
        "socket_timeout": answer_within_s,
        "socket_connect_timeout": ANSWER_WITHIN_S,
        "protocol": 2,
    }
    for scheme, plain in CLUSTER.items():
        if url.startswith(scheme):
            # It has every command of the single client that we use, on keys of one slot.
            return cast("Redis", RedisCluster.from_url(url.replace(scheme, plain, 1), **options))
    if hold is None:
        return Redis.from_url(url, **options)
    return Redis.from_pool(HeldPool.from_url(url, hold=hold, **options))
