"""Who follows a device is told its readings as they are stored."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from telemetry_service.model import Batch, Reading

MAX_WAITING = 1_000
"""Readings kept for one follower: who reads slower than that loses the feed, not the service its memory."""

Queue = asyncio.Queue[Reading]


class Feed:
    """The followers of all devices."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._followers: dict[str, set[Queue]] = {}

    def publish(self, batch: Batch) -> None:
        """Tell the followers of a device what was stored of it; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._tell, batch)

    def _tell(self, batch: Batch) -> None:
        for queue in self._followers.get(batch.device_id, ()):
            for reading in batch.readings:
                if not queue.full():
                    queue.put_nowait(reading)

    @contextmanager
    def followed(self, device_id: str) -> Iterator[Queue]:
        """The readings of a device from now on; once the queue is full, some were lost."""
        self._loop = asyncio.get_running_loop()
        queue = Queue(MAX_WAITING)
        followers = self._followers.setdefault(device_id, set())
        followers.add(queue)
        try:
            yield queue
        finally:
            followers.discard(queue)
            if not followers:
                self._followers.pop(device_id, None)
