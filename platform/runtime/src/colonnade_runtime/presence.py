"""Ends work that nobody waits for any more: the time is over, or the client has gone."""

import asyncio

from colonnade_runtime.rsgi import HTTPProtocol

TICK_S = 0.05
"""How often all requests are looked at: a timer for each would cost more than a call to a service does."""
AFTER_S = 0.5
"""Clients of requests that are done sooner, nearly all, are never watched: that costs about as much."""


class Presence:
    """One request under way; `late` and `gone` say why it was ended."""

    __slots__ = ("ends", "gone", "late", "protocol", "task", "watch", "watch_from")

    def __init__(self, protocol: HTTPProtocol, began: float, ends: float) -> None:
        self.protocol = protocol
        self.ends = ends
        self.watch_from = began + AFTER_S
        self.task = asyncio.current_task()
        self.watch: asyncio.Task[None] | None = None
        self.gone = self.late = False

    def end(self, *, late: bool = False) -> None:
        """Cancel the work, once."""
        if self.task is not None and not (self.late or self.gone):
            self.late, self.gone = late, not late
            self.task.cancel()


class Presences:
    """All requests under way in this process, each answered by a task of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._present: set[Presence] = set()
        self._ticking = False

    def enter(self, protocol: HTTPProtocol, began: float, ends: float) -> Presence:
        """Take in the request that the current task answers; it is ended at most a tick after `ends`."""
        presence = Presence(protocol, began, ends)
        self._present.add(presence)
        if not self._ticking:
            self._ticking = True
            self._loop.call_later(TICK_S, self._tick)
        return presence

    def leave(self, presence: Presence) -> None:
        """Let go of a request that is answered, or was ended and has dealt with it."""
        self._present.discard(presence)
        if presence.watch is not None:
            presence.watch.cancel()
        if presence.task is not None and (presence.gone or presence.late):
            presence.task.uncancel()

    def _tick(self) -> None:
        now = self._loop.time()
        for presence in self._present:
            if now >= presence.ends:
                presence.end(late=True)
            elif now >= presence.watch_from and presence.watch is None:
                presence.watch = self._loop.create_task(_watch(presence))
        self._ticking = bool(self._present)
        if self._ticking:
            self._loop.call_later(TICK_S, self._tick)


async def _watch(presence: Presence) -> None:
    await presence.protocol.client_disconnect()
    presence.end()
