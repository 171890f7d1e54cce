"""Waits until edges use what was published for them: only then may what they used before be stopped."""

import asyncio
import contextlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from colonnade.envoy.publish import published_version
from colonnade.local.envoy_admin import UNREACHABLE, stats

MOST_S = 15.0
"""An edge takes a published change within half a second, unless its machine has no time for it."""

EVERY_S = 0.02

STATS = (
    r"(cluster\.policy|cds|lds|rds\.edge)\.(version_text|update_rejected)$"
    r"|warming_clusters$|total_listeners_warming$"
)
RESOURCES = {
    "policy-endpoints": "cluster.policy",
    "cds": "cluster_manager.cds",
    "rds": "http.edge.rds.edge",
    "lds": "listener_manager.lds",
}
WARMING = ("cluster_manager.warming_clusters", "listener_manager.total_listeners_warming")


@dataclass(frozen=True, slots=True)
class Reader:
    """An edge: its number, from 1, the folder that it reads, and the port of its admin interface."""

    name: str
    number: int
    folder: Path
    admin_port: int


async def taken_up(readers: Iterable[Reader], most_s: float = MOST_S) -> list[str]:
    """Return when every edge uses what lies in its folder; the names of those that don't after `most_s`.

    One that does not answer is none of them: it reads the folder when it starts.
    """
    found = await asyncio.gather(*(_reads(reader, most_s) for reader in readers))
    return [name for name in found if name is not None]


async def rejected(reader: Reader) -> int:
    """Return how many deliveries the edge has refused so far."""
    with contextlib.suppress(*UNREACHABLE):
        told = await stats(reader.admin_port, STATS)
        return sum(int(count) for name, count in told.items() if name.endswith("update_rejected"))
    return 0


async def _reads(reader: Reader, most_s: float) -> str | None:
    deadline = time.monotonic() + most_s
    with contextlib.suppress(*UNREACHABLE):
        while not _uses(reader.folder, await stats(reader.admin_port, STATS)):
            if time.monotonic() > deadline:
                return reader.name
            await asyncio.sleep(EVERY_S)
    return None


def _uses(folder: Path, told: Mapping[str, str]) -> bool:
    new = all(
        told.get(f"{name}.version_text") == published_version(folder, file)
        for file, name in RESOURCES.items()
    )
    return new and not any(int(told.get(name, "0")) for name in WARMING)
