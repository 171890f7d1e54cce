"""Keeps the plan current: a new document is taken within 300 ms of the rename that published it."""

import asyncio
import logging
from pathlib import Path

import msgspec

from colonnade_edge.policy.plan import Plan, plan
from colonnade_policy import decode

POLL_S = 0.2
"""A `stat` five times a second costs next to nothing, and sees what inotify misses on mounted ConfigMaps."""

log = logging.getLogger(__name__)

Stamp = tuple[int, int, int]


class PolicyFile:
    """The newest acceptable document of one path. `current` is None until there was one."""

    def __init__(self, path: Path) -> None:
        self.current: Plan | None = None
        self._path = path
        self._seen: Stamp | None = None

    def refresh(self) -> bool:
        """Read the file if it changed, and return whether there is a new plan.

        A document that is malformed or makes no sense is refused, once, in the log; the old plan stays.
        """
        stamp = self._stamp()
        if stamp is None or stamp == self._seen:
            return False
        self._seen = stamp
        try:
            self.current = plan(decode(self._path.read_bytes()))
        except (msgspec.MsgspecError, ValueError, OSError) as error:
            log.error("policy document refused, the old one stays: %s: %s", self._path, error)  # noqa: TRY400 - the text says it all
            return False
        log.info("policy document %s is in effect", self.current.document.revision)
        return True

    async def watch(self) -> None:
        """Refresh until cancelled."""
        while True:
            self.refresh()
            await asyncio.sleep(POLL_S)

    def _stamp(self) -> Stamp | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino, status.st_size
