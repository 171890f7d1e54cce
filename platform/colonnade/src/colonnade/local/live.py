"""Watches the manifests of a platform."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from watchfiles import awatch

from colonnade.manifest.load import BFF_FOLDER, PLATFORM_FILE, bff_files

SETTLE_MS = 100
"""An editor saves in several steps; they count as one when they are this close.

So often, too, the library wakes up to look, as long as the stack runs.
"""

LOOK_MS = 1000
"""Without any notice from the system (some network file systems send none), look this often."""

Stamp = dict[Path, tuple[int, int, int]]


async def follow(root: Path, seen: Stamp, apply: Callable[[], Awaitable[None]]) -> None:
    """Call `apply` after each change to a manifest of the platform at `root`, until cancelled.

    `seen` is their `stamp` of before they were read: what was saved since then, while the stack started, is
    a change too.
    """
    while True:
        # Not recursive: nothing else below a BFF concerns us, and an environment in there may be huge.
        folders = _folders(root)
        async for _ in awatch(
            *folders, recursive=False, watch_filter=None, debounce=SETTLE_MS, step=SETTLE_MS,
            rust_timeout=LOOK_MS, yield_on_timeout=True,
        ):  # fmt: skip
            now = stamp(root)
            if now != seen:
                seen = now
                await apply()
            if _folders(root) != folders:
                break
        await asyncio.sleep(0)


def stamp(root: Path) -> Stamp:
    """Return what tells one version of the manifests from another, without reading them."""
    stamps: Stamp = {}
    for file in (root / PLATFORM_FILE, *bff_files(root)):
        try:
            status = file.stat()
        except OSError:
            continue
        stamps[file] = (status.st_mtime_ns, status.st_ino, status.st_size)
    return stamps


def _folders(root: Path) -> list[Path]:
    bffs = root / BFF_FOLDER
    return [
        root,
        *([bffs, *sorted(child for child in bffs.iterdir() if child.is_dir())] if bffs.is_dir() else []),
    ]
