"""The readings in SQLite: each (device, seq) once, on disk before it is acknowledged."""

import threading
from collections.abc import Sequence
from pathlib import Path

from service_kit.documents import connect, seed_file

Row = tuple[int, str, str, float]
"""seq, at (RFC 3339), metric, value."""

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
INSERT = "INSERT OR IGNORE INTO readings VALUES (?, ?, ?, ?, ?)"


class ReadingStore:
    """Stores and lists readings. `ingest` blocks for one disk flush."""

    def __init__(self, file: Path) -> None:
        seed_file(file, SCHEMA, INSERT, ())
        self._connection = connect(file)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def ingest(self, device_id: str, rows: Sequence[Row]) -> int:
        """Store `rows` whole or not at all; return how many of them were new."""
        with self._lock:
            before = self._connection.total_changes
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.executemany(INSERT, [(device_id, *row) for row in rows])
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
            return self._connection.total_changes - before

    def newest(self, device_id: str, limit: int, before: int | None) -> tuple[list[Row], bool]:
        """Return at most `limit` rows with a seq below `before`, newest first, and whether there are more."""
        rows = self._connection.execute(
            "SELECT seq, at, metric, value FROM readings WHERE device_id = ? AND (? IS NULL OR seq < ?) "
            "ORDER BY seq DESC LIMIT ?",
            (device_id, before, before, limit + 1),
        ).fetchall()
        return rows[:limit], len(rows) > limit
