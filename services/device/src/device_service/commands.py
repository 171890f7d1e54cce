"""Commands to devices: kept until the device has said what became of them."""

import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from service_kit.changes import ChangeLog
from service_kit.documents import connect
from service_kit.problems import Problem

TABLE = """
CREATE TABLE IF NOT EXISTS commands (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id TEXT NOT NULL,
    name TEXT NOT NULL,
    arguments BLOB NOT NULL,
    created_at TEXT NOT NULL,
    outcome TEXT
)
"""
INDEX = "CREATE INDEX IF NOT EXISTS by_device ON commands (device_id, outcome, id)"
SELECT = "SELECT id, device_id, name, arguments, created_at, outcome FROM commands"

Outcome = Literal["done", "failed"]
Text = Annotated[str, Field(max_length=256)]


class NewCommand(BaseModel):
    """What a device is to do."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=64)]
    arguments: Annotated[dict[Text, Text], Field(max_length=32)] = Field(default_factory=dict)


class Command(BaseModel):
    """A command; ids rise. `outcome` is null until the device has acknowledged it."""

    id: int
    device_id: str
    name: str
    arguments: dict[str, str]
    created_at: str
    outcome: Outcome | None


class WaitingCommands(BaseModel):
    """Commands that are not acknowledged, the oldest first."""

    items: list[Command]


class Acknowledgement(BaseModel):
    """What became of a command."""

    model_config = ConfigDict(extra="forbid")

    outcome: Outcome


class Commands:
    """The commands in the database `file`. Methods block for a disk flush."""

    def __init__(self, file: Path) -> None:
        self._connection = connect(file)
        self._connection.execute(TABLE)
        self._connection.execute(INDEX)
        self._lock = threading.Lock()
        self.changes = ChangeLog(self._connection)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def give(self, device_id: str, wish: NewCommand) -> Command:
        """Keep a command for a device, and tell those who wait."""
        values = (device_id, wish.name, msgspec.json.encode(wish.arguments), _now())
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:
                row = self._connection.execute(
                    "INSERT INTO commands (device_id, name, arguments, created_at) VALUES (?, ?, ?, ?)"
                    " RETURNING id, device_id, name, arguments, created_at, outcome",
                    values,
                ).fetchone()
                self.changes.note(device_id)
        return _command(row)

    def waiting(self, device_id: str, after: int, limit: int) -> list[Command]:
        """Return commands behind the id `after` that are not acknowledged, the oldest first."""
        rows = self._connection.execute(
            f"{SELECT} WHERE device_id = ? AND outcome IS NULL AND id > ? ORDER BY id LIMIT ?",
            (device_id, after, limit),
        )
        return [_command(row) for row in rows.fetchall()]

    def acknowledge(self, device_id: str, command_id: int, outcome: Outcome) -> Command:
        """Note what became of a command; the first word on it holds. Raises `Problem` (404)."""
        with self._lock:
            self._connection.execute(
                "UPDATE commands SET outcome = ? WHERE id = ? AND device_id = ? AND outcome IS NULL",
                (outcome, command_id, device_id),
            )
            row = self._connection.execute(
                f"{SELECT} WHERE id = ? AND device_id = ?", (command_id, device_id)
            ).fetchone()
        if row is None:
            raise Problem(404, f"Device {device_id!r} has no command {command_id}.")
        return _command(row)


def _command(row: sqlite3.Row | tuple[int, str, str, bytes, str, Outcome | None]) -> Command:
    number, device_id, name, arguments, created_at, outcome = row
    return Command(
        id=number,
        device_id=device_id,
        name=name,
        arguments=msgspec.json.decode(arguments),
        created_at=created_at,
        outcome=outcome,
    )


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
