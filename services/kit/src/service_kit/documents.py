"""JSON documents in SQLite: written durably, read as the bytes that were written."""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from service_kit.pages import encode_cursor

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    tag TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS by_tag ON documents (tag, position);
"""


@dataclass(frozen=True, slots=True)
class Document:
    """One JSON document: `tag` is what lists are filtered by (an owner, a category)."""

    id: str
    tag: str
    body: bytes


def connect(file: Path) -> sqlite3.Connection:
    """Open a database whose commits survive the death of this process and of the machine."""
    connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA busy_timeout = 5000")
    return connection


def seed_file(file: Path, schema: str, statement: str, rows: Iterable[Sequence[object]]) -> None:
    """Make `file` with `rows` in it, unless it exists: whole or not at all, whenever the process dies."""
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(f".{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    connection = sqlite3.connect(partial)
    connection.executescript(schema)
    with connection:
        connection.executemany(statement, rows)
    connection.close()
    partial.replace(file)


class Collection:
    """The documents of one service, in the order in which they were added; reads take microseconds."""

    def __init__(self, file: Path, seed: Iterable[Document]) -> None:
        rows = ((document.id, document.tag, document.body) for document in seed)
        seed_file(file, SCHEMA, "INSERT INTO documents (id, tag, body) VALUES (?, ?, ?)", rows)
        self._connection = connect(file)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def get(self, document_id: str) -> bytes | None:
        """Return one document's bytes, or None."""
        row = self._connection.execute("SELECT body FROM documents WHERE id = ?", (document_id,)).fetchone()
        return row[0] if row else None

    def batch(self, ids: Sequence[str]) -> bytes:
        """Return a page of the documents `ids`, as asked for, without those that do not exist."""
        marks = ",".join("?" * len(ids))
        rows = self._connection.execute(f"SELECT id, body FROM documents WHERE id IN ({marks})", ids)  # noqa: S608 - only question marks are put in
        found: dict[str, bytes] = dict(rows.fetchall())
        return page_of([found[one] for one in ids if one in found], None)

    def page(
        self, limit: int, after: int | None, tag: str | None = None, *, newest_first: bool = False
    ) -> bytes:
        """Return a page of at most `limit` documents behind position `after`."""
        comparison, order = ("<", "DESC") if newest_first else (">", "ASC")
        where, values = ["1"], list[object]()
        if tag is not None:
            where, values = ["tag = ?"], [tag]
        if after is not None:
            where.append(f"position {comparison} ?")
            values.append(after)
        rows = self._connection.execute(
            f"SELECT position, body FROM documents WHERE {' AND '.join(where)} "  # noqa: S608 - fixed words only
            f"ORDER BY position {order} LIMIT ?",
            (*values, limit + 1),
        ).fetchall()
        more = len(rows) > limit
        shown = rows[:limit]
        return page_of([row[1] for row in shown], encode_cursor(shown[-1][0]) if more else None)

    def count(self) -> int:
        """Return how many documents there are."""
        return int(self._connection.execute("SELECT count(*) FROM documents").fetchone()[0])


def page_of(bodies: Sequence[bytes], next_cursor: str | None) -> bytes:
    """Return the page document around `bodies`, which are JSON already."""
    cursor = b"null" if next_cursor is None else f'"{next_cursor}"'.encode()
    return b'{"items":[' + b",".join(bodies) + b'],"next_cursor":' + cursor + b"}"
