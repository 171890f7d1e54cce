"""The readings in SQLite: each (device, seq) once, on disk before it is acknowledged."""

import threading
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

from service_kit.documents import connect
from telemetry_service import feed
from telemetry_service.model import Batch, Reading, Receipt

Row = tuple[int, str, str, float]
"""seq, at (RFC 3339 in UTC), metric, value."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS readings (
    device_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at TEXT NOT NULL,
    metric TEXT NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (device_id, seq)
) WITHOUT ROWID;
"""
INSERT = "INSERT INTO readings VALUES (?, ?, ?, ?, ?) ON CONFLICT (device_id, seq) DO NOTHING"


class ReadingStore:
    """Stores and lists readings, and tells of them. `ingest` blocks for one disk flush."""

    def __init__(self, file: Path) -> None:
        self._writer = connect(file)
        self._writer.execute(SCHEMA)
        self._writer.execute(feed.SCHEMA)
        # A connection of its own reads what is committed, and never waits for a flush.
        self._reader = connect(file)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the database."""
        self._reader.close()
        self._writer.close()

    def ingest(self, batch: Batch) -> Receipt:
        """Store the readings whole or not at all, and tell how many of them were new."""
        rows = [(batch.device_id, one.seq, _text(one.at), one.metric, one.value) for one in batch.readings]
        with self._lock:
            before = self._writer.total_changes
            self._writer.execute("BEGIN IMMEDIATE")
            with self._writer:
                self._writer.executemany(INSERT, rows)
                accepted = self._writer.total_changes - before
                feed.tell(self._writer, batch)
        return Receipt(accepted=accepted, duplicates=len(rows) - accepted)

    def now(self) -> int:
        """Return the place in all that is stored from which a follower is told everything."""
        return feed.now(self._reader)

    def following(self, device_id: str, since: int) -> AsyncIterator[Reading]:
        """Return the readings of a device from that place on, as they are stored. Raises `TooSlow`."""
        return feed.following(self._reader, device_id, since)

    def newest(self, device_id: str, limit: int, before: int | None) -> tuple[list[Row], bool]:
        """Return at most `limit` rows with a seq below `before`, newest first, and whether there are more."""
        rows = self._reader.execute(
            "SELECT seq, at, metric, value FROM readings WHERE device_id = ? AND (? IS NULL OR seq < ?) "
            "ORDER BY seq DESC LIMIT ?",
            (device_id, before, before, limit + 1),
        ).fetchall()
        return rows[:limit], len(rows) > limit


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
