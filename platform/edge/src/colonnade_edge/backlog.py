"""How far behind its work the service is, and what it refuses because of it.

Every request waits for the event loop, so how late a timer is says how long they do. A moment's stall is no
overload: what counts is the least of the last few delays, a queue that stays (as in CoDel, RFC 8289). Of two
in a row the longer: decisions that began together wait for the store together, and the loop has a moment's
rest between two long turns. While nothing is asked, nothing is measured.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from itertools import pairwise
from math import inf

from colonnade_edge.errors import Overloaded

EVERY_S = 0.025
LAST = 4
BEARABLE_S = {"sheddable": 0.2, "default": 0.5}
"""By criticality: a decision waits for the loop several times, and Envoy for two seconds in all."""


def lasting(delays: Iterable[float]) -> float:
    """Return the delay that lasts: the least of the longer ones of two in a row."""
    return min(map(max, pairwise(delays)))


class Backlog:
    """Knows the delay, and refuses requests that matter too little for it."""

    def __init__(self) -> None:
        self._behind_s = 0.0
        self._asked = asyncio.Event()

    async def watch(self) -> None:
        """Measure the delay while there are requests, for ever."""
        while True:
            await self._asked.wait()
            last = deque([0.0] * LAST, LAST)
            while self._asked.is_set():
                self._asked.clear()
                for _ in range(LAST):
                    began = time.monotonic()
                    await asyncio.sleep(EVERY_S)
                    last.append(time.monotonic() - began - EVERY_S)
                    self._behind_s = lasting(last)
            self._behind_s = 0.0

    def admit(self, criticality: str) -> None:
        """Raise `Overloaded` where a request of this criticality has to wait for better times."""
        self._asked.set()
        if self._behind_s > BEARABLE_S.get(criticality, inf):
            raise Overloaded("the edge has more to do than it can, and this can wait")
