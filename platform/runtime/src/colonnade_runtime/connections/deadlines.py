"""Ends what waits too long, with one timer for all: one for each call would cost more than its answer."""

import asyncio
from math import inf
from typing import Protocol

TICK_S = 0.001
"""What a loop's clock can tell apart."""


class Waiting(Protocol):
    """What waits until `ends`, in seconds on the loop's clock."""

    ends: float

    def late(self) -> None:
        """End the wait."""
        ...


class Deadlines:
    """All that waits, and the timer of whichever ends first."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: set[Waiting] = set()
        self._next = inf
        self._timer: asyncio.TimerHandle | None = None

    def add(self, waiting: Waiting) -> None:
        """Take in one whose time begins; its `late` is called unless it is removed before `ends`."""
        self._waiting.add(waiting)
        if waiting.ends < self._next:
            self._set(waiting.ends)

    def remove(self, waiting: Waiting) -> None:
        """Let go of one that waits no more. The timer stays: the next one to wait most likely needs it."""
        self._waiting.discard(waiting)

    def _set(self, ends: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._next = ends
        self._timer = self._loop.call_at(ends, self._look)

    def _look(self) -> None:
        self._next, self._timer = inf, None
        now = self._loop.time() + TICK_S
        late = [one for one in self._waiting if one.ends <= now]
        self._waiting.difference_update(late)
        for one in late:
            one.late()
        if self._waiting:
            self._set(min(one.ends for one in self._waiting))
