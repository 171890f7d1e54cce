"""Reads single things together: those asked for within one turn of the event loop become one call."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar

from colonnade_runtime.errors import UpstreamError
from colonnade_runtime.request import Request

Key = TypeVar("Key")
Value = TypeVar("Value")
Many = Callable[[Request, list[Key]], Awaitable[Iterable[Value]]]
Waiting = dict[Key, list["asyncio.Future[Value | None]"]]


class Batched(Generic[Key, Value]):
    """Reads one thing by its key, with others that the same request asks for; None where there is none.

    What was read once in a request is not read again. Raises what the call for many raises.
    """

    def __init__(self, many: Many[Key, Value], by: Callable[[Value], Key], most: int) -> None:
        self._many = many
        self._by = by
        self._most = most

    async def __call__(self, request: Request, key: Key) -> Value | None:
        """Return the thing with this key."""
        reads: _Reads[Key, Value] = request.shared(self, _Reads)
        if key in reads.found:
            return reads.found[key]
        batch = reads.batches.get(key) or self._open(request, reads)
        reads.batches[key] = batch
        try:
            return await batch.wait(key)
        finally:
            if not batch.waiters:
                reads.forget(batch)

    def _open(self, request: Request, reads: "_Reads[Key, Value]") -> "_Batch[Key, Value]":
        """Return the batch that takes keys in this turn of the loop."""
        if reads.open is None or len(reads.open.waiting) >= self._most:
            reads.open = _Batch()
            asyncio.get_running_loop().call_soon(self._start, request, reads, reads.open)
        return reads.open

    def _start(self, request: Request, reads: "_Reads[Key, Value]", batch: "_Batch[Key, Value]") -> None:
        if reads.open is batch:
            reads.open = None
        if not batch.waiters:
            return
        batch.task = asyncio.get_running_loop().create_task(self._read(request, reads, batch))

    async def _read(self, request: Request, reads: "_Reads[Key, Value]", batch: "_Batch[Key, Value]") -> None:
        try:
            things = await self._many(request, list(batch.waiting))
            found = {self._by(thing): thing for thing in things}
        except Exception as error:  # noqa: BLE001 - raised to those who wait
            batch.fail(error)
            return
        reads.found.update((key, found.get(key)) for key in batch.waiting)
        batch.answer(reads.found)


def batched(many: Many[Key, Value], by: Callable[[Value], Key], *, most: int = 100) -> Batched[Key, Value]:
    """Return the call for one thing, made of a declared call for many: by `by(thing)`, `most` at once.

    The call for many takes a list of keys and returns things in any order, without those there are not.
    """
    return Batched(many, by, most)


class _Reads(Generic[Key, Value]):
    """What one request has read through one `Batched`, what it is reading, and what still takes keys."""

    def __init__(self) -> None:
        self.found: dict[Key, Value | None] = {}
        self.batches: dict[Key, _Batch[Key, Value]] = {}
        self.open: _Batch[Key, Value] | None = None

    def forget(self, batch: "_Batch[Key, Value]") -> None:
        """End a batch that nobody waits for any more."""
        for key in batch.waiting:
            self.batches.pop(key, None)
        if batch.task is not None:
            batch.task.cancel()


class _Batch(Generic[Key, Value]):
    """The keys of one call, and who waits for each."""

    def __init__(self) -> None:
        self.waiting: Waiting[Key, Value] = {}
        self.task: asyncio.Task[None] | None = None
        self.waiters = 0

    async def wait(self, key: Key) -> Value | None:
        """Return the thing."""
        future: asyncio.Future[Value | None] = asyncio.get_running_loop().create_future()
        self.waiting.setdefault(key, []).append(future)
        self.waiters += 1
        try:
            return await future
        finally:
            self.waiters -= 1

    def answer(self, found: dict[Key, Value | None]) -> None:
        """Hand the things to those who wait."""
        for key, futures in self.waiting.items():
            for future in futures:
                if not future.done():
                    future.set_result(found[key])

    def fail(self, error: Exception) -> None:
        """Raise the error to all who wait."""
        for futures in self.waiting.values():
            for future in futures:
                if not future.done():
                    future.set_exception(error.again() if isinstance(error, UpstreamError) else error)
