"""A bulkhead: a service that is slow fills its own places, never those of others."""

import asyncio
from collections import deque
from contextlib import suppress

from colonnade_runtime.errors import UpstreamBusy
from colonnade_runtime.upstream.call import Call
from colonnade_runtime.upstream.policy import Bulkhead


class Places:
    """The places of one service; they are handed on in the order of asking."""

    def __init__(self, settings: Bulkhead) -> None:
        self._settings = settings
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.taken = 0

    @property
    def waiting(self) -> int:
        """How many calls wait for a place."""
        return len(self._waiting)

    def take(self) -> bool:
        """Take a place, if there is one."""
        if self.taken >= self._settings.places:
            return False
        self.taken += 1
        return True

    async def wait(self, call: Call) -> None:
        """Take the next place that becomes free while the call has time. Raises `UpstreamBusy`."""
        if len(self._waiting) >= self._settings.queue:
            raise UpstreamBusy(call.service, "all places are taken, and the queue is full")
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout_at(call.ends):
                await place
        except BaseException as error:
            self._give_up(place)
            if isinstance(error, TimeoutError):
                raise UpstreamBusy(call.service, "no place became free in time") from error
            raise

    def leave(self) -> None:
        """Hand a place to the next who waits."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self.taken -= 1

    def _give_up(self, place: "asyncio.Future[None]") -> None:
        if place.done() and not place.cancelled():
            self.leave()  # it came together with the end of the wait
        else:
            with suppress(ValueError):
                self._waiting.remove(place)
