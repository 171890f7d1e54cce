"""Clients of the store: one server, or a cluster of them."""

from typing import cast

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as BrokenConnectionError

ANSWER_WITHIN_S = 0.25
"""A round trip takes under a millisecond: a store that takes this long is away, not busy."""

CLUSTER = {"redis-cluster://": "redis://", "rediss-cluster://": "rediss://"}


def connect(url: str, answer_within_s: float = ANSWER_WITHIN_S) -> Redis:
    """Return a client whose caller decides what a failure means.

    A connection that broke is made anew, once and at once: after a restart of the store every
    connection in the pool is broken, and none of them should cost anybody an answer. The URL of a cluster
    begins with `redis-cluster://` or `rediss-cluster://` and names any of its nodes.
    """
    retry = Retry(NoBackoff(), 1, supported_errors=(BrokenConnectionError,))
    for scheme, plain in CLUSTER.items():
        if url.startswith(scheme):
            cluster = RedisCluster.from_url(
                url.replace(scheme, plain, 1),
                retry=retry,
                socket_timeout=answer_within_s,
                socket_connect_timeout=ANSWER_WITHIN_S,
                protocol=2,
            )
            # It has every command of the single client that we use, on keys of one slot.
            return cast("Redis", cluster)
    return Redis.from_url(
        url,
        retry=retry,
        socket_timeout=answer_within_s,
        socket_connect_timeout=ANSWER_WITHIN_S,
        protocol=2,
    )
