"""Who follows a device is told its readings as they are stored, by whichever instance of the service.

The instances have their database in common, and nothing else: what was stored last stands there once more, in
its order, for a while, and each follower looks for what is new to it.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator

from telemetry_service.model import Batch, Reading

KEPT = 1_000
"""Batches: who follows more slowly than that loses the feed, not the service its disk."""
LOOK_S = 0.05
"""Between two looks, each of some microseconds."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS told (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id TEXT NOT NULL,
    batch TEXT NOT NULL
);
"""


class TooSlow(Exception):  # noqa: N818 - the word of the follower's fate
    """Something was stored that the follower can no longer be told."""


def tell(writer: sqlite3.Connection, batch: Batch) -> None:
    """Tell the followers of a device what is stored of it; within the same transaction."""
    row = (batch.device_id, batch.model_dump_json())
    told = writer.execute("INSERT INTO told (device_id, batch) VALUES (?, ?)", row).lastrowid or 0
    writer.execute("DELETE FROM told WHERE n <= ?", (told - KEPT,))


def now(reader: sqlite3.Connection) -> int:
    """Return the place from which a follower is told everything."""
    (last,) = reader.execute("SELECT coalesce(max(n), 0) FROM told").fetchone()
    return int(last)


async def following(reader: sqlite3.Connection, device_id: str, since: int) -> AsyncIterator[Reading]:
    """Yield the readings of a device from the place `since` on, for ever. Raises `TooSlow`."""
    while True:
        (oldest,) = reader.execute("SELECT coalesce(min(n), 0) FROM told").fetchone()
        if oldest > since + 1:
            raise TooSlow
        last = now(reader)
        rows = reader.execute(
            "SELECT batch FROM told WHERE n > ? AND n <= ? AND device_id = ? ORDER BY n",
            (since, last, device_id),
        ).fetchall()
        for (batch,) in rows:
            for reading in Batch.model_validate_json(batch).readings:
                yield reading
        since = last
        await asyncio.sleep(LOOK_S)
