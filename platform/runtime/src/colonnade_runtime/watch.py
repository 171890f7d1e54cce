"""Waiting for changes at a service: one call for all who wait in this process, however many they are."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from colonnade_runtime.errors import UpstreamError
from colonnade_runtime.request import Request
from colonnade_runtime.upstream.upstreams import Upstreams

PAUSES_S = (0.05, 0.1, 0.25, 0.5, 1.0)
"""Between calls that failed in a row."""
_log = logging.getLogger(__name__)


class Changes(msgspec.Struct, frozen=True):
    """The ids of what has changed, and the cursor of what comes after."""

    ids: list[str]
    next: int


Ask = Callable[[Request, int | None], Coroutine[Any, Any, Changes]]


class Watch:
    """Tells who waits that a thing has changed, by a declared call that waits for changes of any.

    `changes` is called with a request that tells no identity, and the cursor of the answer before; None asks
    for the cursor only. There is one call under way while somebody waits, and none while nobody does.
    """

    def __init__(self, changes: Ask) -> None:
        self._changes = changes
        self._polls: dict[Upstreams, _Poll] = {}

    @asynccontextmanager
    async def of(self, request: Request, key: str) -> "AsyncIterator[Bell]":
        """Watch one thing: look how it is, await the bell, and look again; no change is missed.

        Where the service was not listened to before, the bell rings once it is.
        """
        upstreams = request.upstreams
        poll = self._polls.get(upstreams)
        if poll is None:
            poll = self._polls[upstreams] = _Poll(self._changes, request.detached())
        bell = Bell()
        poll.bells[key].add(bell)
        try:
            yield bell
        finally:
            poll.bells[key].discard(bell)
            if not poll.bells[key]:
                del poll.bells[key]
            if not poll.bells:
                poll.task.cancel()
                del self._polls[upstreams]


class Bell:
    """Rings when something has changed, or may have."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake who waits, or will."""
        self._event.set()

    async def rung(self) -> None:
        """Wait until it has rung since this was last awaited; several times count as one."""
        await self._event.wait()
        self._event.clear()


class _Poll:
    """The calls of one process, for as long as somebody listens."""

    def __init__(self, changes: Ask, request: Request) -> None:
        self._changes = changes
        self._request = request
        self.bells: defaultdict[str, set[Bell]] = defaultdict(set)
        self.task = asyncio.create_task(self._poll())

    async def _poll(self) -> None:
        after: int | None = None
        failed = 0
        while True:
            try:
                found = await self._changes(self._request.detached(), after)
            except Exception as error:  # noqa: BLE001 - who waits is not woken by it: it goes on, whatever it is
                if not failed:
                    unexpected = None if isinstance(error, UpstreamError) else error
                    _log.warning("waiting for changes: %s", error, exc_info=unexpected)
                await asyncio.sleep(PAUSES_S[min(failed, len(PAUSES_S) - 1)])
                failed += 1
                continue
            # To look again costs little: from now on nothing is missed, or the service has lost its log.
            self._ring([*self.bells] if after is None or found.next < after else found.ids)
            failed = 0
            after = found.next

    def _ring(self, keys: Iterable[str]) -> None:
        for key in keys:
            for bell in self.bells.get(key, ()):
                bell.ring()
