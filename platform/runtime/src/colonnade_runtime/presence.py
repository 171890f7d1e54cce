"""Ends work that nobody waits for any more: the time is over, or the client has gone."""

import asyncio

from colonnade_runtime.rsgi import HTTPProtocol

AFTER_S = 0.05
"""Requests that are done sooner, nearly all, pay for one timer and never for a watch on the client."""


class Presence:
    """Cancels the current task, which answers a request, when its time ends or its client goes.

    `ends` is on the loop's clock; `late` and `gone` say which it was.
    """

    def __init__(self, protocol: HTTPProtocol, ends: float) -> None:
        self.gone = self.late = False
        self._protocol = protocol
        self._ends = ends
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(self._loop)
        self._watch: asyncio.Task[None] | None = None
        self._timer = self._loop.call_at(min(ends, self._loop.time() + AFTER_S), self._begin)

    def end(self) -> None:
        """Stop watching; where it was ended, the cancellation has been dealt with."""
        self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()
        if (self.gone or self.late) and self._task is not None:
            self._task.uncancel()

    def _begin(self) -> None:
        if self._loop.time() >= self._ends:
            self._expire()
            return
        self._timer = self._loop.call_at(self._ends, self._expire)
        self._watch = self._loop.create_task(self._wait())

    def _expire(self) -> None:
        if not self.gone and self._task is not None:
            self.late = True
            self._task.cancel()

    async def _wait(self) -> None:
        await self._protocol.client_disconnect()
        if not self.late and self._task is not None:
            self.gone = True
            self._task.cancel()
