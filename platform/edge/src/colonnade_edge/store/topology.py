"""Which server keeps which key: the one there is, or the node of a cluster that has the key's slot.

Source: "Redis cluster specification", sections "Hash tags" and "Key distribution model".
"""

from collections.abc import Callable
from typing import Any, cast

import msgspec
from redis.asyncio import Redis, RedisCluster
from redis.crc import key_slot


class Place(msgspec.Struct, frozen=True):
    """Where a key lies: one script call can only reach keys of one slot."""

    node: int
    slot: int


HERE = Place(0, 0)


class Topology(msgspec.Struct, frozen=True):
    """A client for each node, and the way from a key to its place."""

    nodes: tuple[Redis, ...]
    place: Callable[[bytes], Place]

    async def close(self) -> None:
        """Close the connections to the nodes."""
        for node in self.nodes:
            await node.aclose()


async def discover(redis: Redis) -> Topology:
    """Return where the store keeps its keys now; raise what redis-py raises where it does not answer."""
    if not isinstance(cast("Any", redis), RedisCluster):
        return Topology((redis,), lambda _: HERE)
    return await _discover_nodes(cast("RedisCluster", redis))


async def _discover_nodes(cluster: RedisCluster) -> Topology:
    await cluster.initialize()
    await cluster.nodes_manager.initialize()
    options = _single(cluster.get_connection_kwargs())
    numbers: dict[str, int] = {}
    nodes: list[Redis] = []
    by_slot: dict[int, Place] = {}
    for slot, found in cluster.nodes_manager.slots_cache.items():
        primary = found[0]
        if primary.name not in numbers:
            numbers[primary.name] = len(nodes)
            nodes.append(Redis(**options, host=primary.host, port=int(primary.port)))
        by_slot[slot] = Place(numbers[primary.name], slot)
    return Topology(tuple(nodes), lambda key: by_slot.get(key_slot(key), HERE))


def _single(options: dict[str, Any]) -> dict[str, Any]:
    """What of a cluster's options a client of one node takes."""
    wanted = ("username", "password", "socket_timeout", "socket_connect_timeout", "protocol", "ssl", "retry")
    return {name: options[name] for name in wanted if options.get(name) is not None}
