"""JSON documents in SQLite: written durably, read as the bytes that were written."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from service_kit.pages import encode_cursor
from service_kit.settings import SettingsError

TABLE = """
CREATE TABLE documents (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    tag TEXT NOT NULL,
    body BLOB NOT NULL
)
"""
INDEX = "CREATE INDEX by_tag ON documents (tag, position)"


@dataclass(frozen=True, slots=True)
class Document:
    """One JSON document: `tag` is what lists are filtered by (an owner, a category)."""

    id: str
    tag: str
    body: bytes


def connect(file: Path) -> sqlite3.Connection:
    """Open or make a database whose commits survive the death of this process and of the machine.

    Raises `SettingsError` where the folder cannot be written, or the file is no database.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except (OSError, sqlite3.Error) as error:
        told = f"DATA_DIR={file.parent}: {file.name}: {error}; give a folder that can be written"
        raise SettingsError(told) from error
    return connection


def seed(connection: sqlite3.Connection, documents: Iterable[Document]) -> None:
    """Put `documents` into a new database, and leave one that has been seeded as it is.

    All of it is one transaction: a process that dies half way leaves nothing, and the next one begins again.
    """
    rows = ((document.id, document.tag, document.body) for document in documents)
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'documents'").fetchone():
            return
        connection.execute(TABLE)
        connection.execute(INDEX)
        connection.executemany("INSERT INTO documents (id, tag, body) VALUES (?, ?, ?)", rows)


class Collection:
    """The documents of one service, in the order in which they were added; reads take microseconds."""

    def __init__(self, file: Path, seeded: Iterable[Document]) -> None:
        self._connection = connect(file)
        seed(self._connection, seeded)

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
