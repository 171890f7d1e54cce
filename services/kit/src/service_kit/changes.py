"""A log of what has changed, for those who wait for it: ids in the order of their changes, by a cursor."""

import asyncio
import sqlite3
import time
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

TABLE = "CREATE TABLE IF NOT EXISTS changes (position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL)"
MAX_WAIT_S = 20.0
LOOK_S = 0.05
"""How often the log is looked at while somebody waits: another process may write to it, too."""
MAX_CHANGES = 1_000

After = Annotated[int | None, Query(ge=0, description="`next` of the answer before; without it, only that")]
Wait = Annotated[float, Query(ge=0, le=MAX_WAIT_S, description="seconds to wait for a change")]


class Changes(BaseModel):
    """The ids of what has changed, each once, and the cursor of what comes after."""

    ids: list[str]
    next: int


class ChangeLog:
    """The log of a database, in it: a change and its entry are one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._connection.execute(TABLE)

    def note(self, document_id: str) -> None:
        """Note that a document changes, within the transaction that changes it."""
        self._connection.execute("INSERT INTO changes (id) VALUES (?)", (document_id,))

    def after(self, position: int | None) -> Changes:
        """Return what has changed behind `position`; nothing of before now where that is None."""
        if position is None:
            last = self._connection.execute("SELECT coalesce(max(position), 0) FROM changes").fetchone()
            return Changes(ids=[], next=last[0])
        rows = self._connection.execute(
            "SELECT position, id FROM changes WHERE position > ? ORDER BY position LIMIT ?",
            (position, MAX_CHANGES),
        ).fetchall()
        return Changes(ids=[*dict.fromkeys(row[1] for row in rows)], next=rows[-1][0] if rows else position)

    async def wait(self, position: int | None, seconds: float) -> Changes:
        """Return what has changed behind `position`, as soon as there is something or `seconds` are over."""
        until = time.monotonic() + seconds
        while True:
            found = self.after(position)
            if found.ids or position is None or time.monotonic() >= until:
                return found
            await asyncio.sleep(LOOK_S)


def changes_router(changes: ChangeLog, path: str) -> APIRouter:
    """Return the route at `path` that waits for changes."""
    routes = APIRouter(tags=["changes"])

    @routes.get(path, name="wait_for_changes")
    async def wait_for_changes(after: After = None, wait: Wait = 0) -> Changes:
        return await changes.wait(after, wait)

    return routes
