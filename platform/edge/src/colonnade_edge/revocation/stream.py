"""Where the edges tell each other what was revoked: one stream in the store, in the order of its clock."""

import time
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import cast

from redis.asyncio import Redis

from colonnade_edge.revocation.record import KINDS, Kind, Revocation

STREAM = "colonnade:revocations"
START = "0"
BATCH = 1000

Fields = dict[bytes, bytes]
Entry = tuple[bytes, Fields]


async def publish(redis: Redis, kind: Kind, value: str, until: float, life_s: float) -> Revocation:
    """Revoke `value` now, for every edge; raise what redis-py raises where the store does not take it.

    `life_s` is the longest life of a revocation in seconds: what is older leaves the stream.
    """
    oldest_ms = max(0, round((time.time() - life_s) * 1000))
    entry = await redis.xadd(
        STREAM,
        {"kind": kind, "value": value, "until": repr(until)},
        minid=oldest_ms,
    )
    return Revocation(kind, value, _moment(cast("bytes", entry)), until)


async def read_next(redis: Redis, after: str, block_ms: int | None) -> Sequence[Entry]:
    """Return at most `BATCH` entries after `after`; where there is none, wait `block_ms` for one."""
    found = await redis.xread({STREAM: after}, count=BATCH, block=block_ms)
    return cast("list[tuple[bytes, list[Entry]]]", found)[0][1] if found else ()


async def read_all(redis: Redis) -> AsyncIterator[Revocation]:
    """Yield every revocation in the stream, those that have ended too."""
    after = "-"
    while entries := cast("Sequence[Entry]", await redis.xrange(STREAM, min=after, count=BATCH)):
        for revocation in decode(entries):
            yield revocation
        after = f"({entries[-1][0].decode()}"


def decode(entries: Iterable[Entry]) -> list[Revocation]:
    """Return what entries say; a kind that a newer edge wrote is left out."""
    return [
        Revocation(
            _kinds[fields[b"kind"]], fields[b"value"].decode(), _moment(entry), float(fields[b"until"])
        )
        for entry, fields in entries
        if fields.get(b"kind") in _kinds
    ]


_kinds: dict[bytes, Kind] = {kind.encode(): kind for kind in KINDS}


def _moment(entry: bytes) -> float:
    """Return the time of an entry, which its id begins with (in milliseconds)."""
    return int(entry.partition(b"-")[0]) / 1000
