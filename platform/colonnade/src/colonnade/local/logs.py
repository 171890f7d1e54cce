"""Reads the log files of a stack."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from colonnade.errors import UserError
from colonnade.local.layout import Layout
from colonnade.local.state import read_state

EVERY_S = 0.1
MOST_BYTES = 256 * 1024
"""How far back the last lines are looked for."""

Show = Callable[[str, bytes], None]


def log_names(layout: Layout, name: str | None) -> list[str]:
    """Return the processes that have a log, or only `name`, which may have written nothing yet.

    Raises `UserError` where there is neither a log nor a process of that name.
    """
    names = sorted(file.stem for file in layout.log("any").parent.glob("*.log"))
    if name is None:
        return names
    state = read_state(layout)
    if name not in names and (state is None or name not in state.processes):
        raise UserError(f"there is no log of {name!r}", f"valid here: {', '.join(names) or 'none yet'}")
    return [name]


def last_lines(layout: Layout, name: str, count: int) -> bytes:
    """Return the last `count` lines of a log."""
    file = layout.log(name)
    if count == 0 or not file.exists():
        return b""
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size - MOST_BYTES))
        return b"".join(opened.read().splitlines(keepends=True)[-count:])


def follow_logs(layout: Layout, names: list[str] | None, show: Show) -> None:
    """Show what is added to the logs (to all of them, new ones too, without `names`), until interrupted."""
    tails = {name: Tail(layout.log(name)) for name in log_names(layout, None)}
    while True:
        for name in names or log_names(layout, None):
            if lines := tails.setdefault(name, Tail(layout.log(name), from_start=True)).read():
                show(name, lines)
        time.sleep(EVERY_S)


class Tail:
    """The lines that are added to one log file, across rotations."""

    def __init__(self, path: Path, *, from_start: bool = False) -> None:
        self._path = path
        self._position = 0 if from_start or not path.exists() else path.stat().st_size
        self._inode = path.stat().st_ino if path.exists() else None

    def read(self) -> bytes:
        """Return the whole lines that were added since the last time."""
        try:
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_ino != self._inode:
                    self._inode, self._position = status.st_ino, 0
                file.seek(self._position)
                lines, newline, _ = file.read().rpartition(b"\n")
        except OSError:
            return b""
        self._position += len(lines) + len(newline)
        return lines + newline
