"""Ends what waits too long, with one timer for all: one for each call would cost more than its answer."""

import asyncio
from math import inf
from typing import Protocol

TICK_S = 0.001
"""What a loop's clock can tell apart."""


class Waiting(Protocol):
    """What waits until `ends`, in seconds on the loop's clock; not at all where that is infinite."""

    ends: float

    def late(self) -> None:
        """End the wait."""
        ...


class Deadlines:
    """All that may wait, and the timer of whichever ends first; it looks `next` at that time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self.all: set[Waiting] = set()
        self.next = inf

    def look_at(self, ends: float) -> None:
        """Look then, or before. Who waits needs to ask for this only where `ends` is before `next`."""
        if self._timer is not None:
            self._timer.cancel()
        self.next = ends
        self._timer = self._loop.call_at(ends, self._look)

    def _look(self) -> None:
        """End who is late. The timer of one that waits no more comes here for nothing, once."""
        self.next, self._timer = inf, None
        now = self._loop.time() + TICK_S
        for one in [one for one in self.all if one.ends <= now]:
            one.late()
        ends = min((one.ends for one in self.all), default=inf)
        if ends < self.next:
            self.look_at(ends)
