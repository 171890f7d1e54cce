"""CPU time of whole process trees, from `/proc`."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """What `/proc/<pid>/stat` says of one process: its parent, and the clock ticks that it used.

    `ticks` are utime + stime, and those of children that have ended and were waited for.
    """

    pid: int
    parent: int
    ticks: int


def cpu_seconds(roots: Iterable[int], proc: Path = PROC) -> float:
    """Return the CPU time, user and system, of the processes `roots` and of all that descend from them."""
    wanted = set(roots)
    usages = {usage.pid: usage for usage in _usages(proc)}
    return sum(u.ticks for u in usages.values() if wanted & set(_line(u.pid, usages))) / TICKS_PER_S


def parse(stat: str) -> Usage:
    """Return what a line of `/proc/<pid>/stat` says; the name in it may hold spaces and parentheses."""
    pid, _, rest = stat.partition(" (")
    fields = rest.rpartition(")")[2].split()
    return Usage(int(pid), int(fields[1]), sum(map(int, fields[11:15])))


def _usages(proc: Path) -> Iterator[Usage]:
    for file in proc.glob("[0-9]*/stat"):
        try:
            yield parse(file.read_text(encoding="utf-8", errors="replace"))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended just now


def _line(pid: int, usages: dict[int, Usage]) -> Iterator[int]:
    """The process and its ancestors."""
    while pid in usages:
        yield pid
        pid = usages[pid].parent
