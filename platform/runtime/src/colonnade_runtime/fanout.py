"""Several calls at once, each required or optional."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from colonnade_runtime.errors import UpstreamError
from colonnade_runtime.logs import of_request, repeats
from colonnade_runtime.request import Request

Result = TypeVar("Result")
_log = logging.getLogger(__name__)


class FanOut:
    """Calls started inside `async with` are done at its end; the first required one that fails ends it.

    A call is `required`, or it has something to fall back on: a constant (`optional`), another call
    (`either`), what it brought before (`recent`). Where that is used, the name of the part stands in
    `degraded`, which the client is told in the header X-Degraded as well.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._loop = asyncio.get_running_loop()
        self._tasks: list[asyncio.Task[Any]] = []
        self._running = 0
        self._failed = False
        self._end: asyncio.Future[None] | None = None

    @property
    def degraded(self) -> list[str]:
        """The names of what is missing from the answer, or not fresh; sorted."""
        return self._request.degraded

    def required(self, call: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Start a call without which there is no answer."""
        task = self._loop.create_task(call)
        task.add_done_callback(self._done)
        self._running += 1
        self._tasks.append(task)
        return task

    def optional(self, name: str, call: Coroutine[Any, Any, Result], default: Result) -> asyncio.Task[Result]:
        """Start a call that the answer can do without: of its last good answer and `default`, the first."""
        return self.required(self.attempt(name, call, default))

    def either(
        self,
        name: str,
        call: Coroutine[Any, Any, Result],
        other: Callable[[], Coroutine[Any, Any, Result]],
    ) -> asyncio.Task[Result]:
        """Start a call in whose place `other` is made when it fails; the view needs one of the two."""
        return self.required(self._either(name, call, other))

    def recent(self, name: str, call: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Start a call that is required, unless there is a last good answer; declare it with `last_good`."""
        return self.required(self._recent(name, call))

    async def attempt(self, name: str, call: Coroutine[Any, Any, Result], default: Result) -> Result:
        """Make a call now that the answer can do without: one that needs another's result."""
        try:
            return await call
        except UpstreamError as error:
            return _fall_back(self._request, name, error, default)

    async def _either(
        self,
        name: str,
        call: Coroutine[Any, Any, Result],
        other: Callable[[], Coroutine[Any, Any, Result]],
    ) -> Result:
        try:
            return await call
        except UpstreamError as error:
            _fall_back(self._request, name, error, None)
            return await other()

    async def _recent(self, name: str, call: Coroutine[Any, Any, Result]) -> Result:
        try:
            return await call
        except UpstreamError as error:
            if error.last_good is None:
                raise
            last_good: Result = error.last_good
            return _fall_back(self._request, name, error, last_good)

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End: wait, cancel what is left, raise the first failure."""
        try:
            if error is None and self._running and not self._failed:
                self._end = self._loop.create_future()
                await self._end
        finally:
            await self._end_all()
        if error is None and self._failed:
            failures = (task.exception() for task in self._tasks if not task.cancelled())
            raise next(failure for failure in failures if failure is not None)

    def _done(self, task: "asyncio.Task[Any]") -> None:
        self._running -= 1
        if not task.cancelled() and task.exception() is not None:
            self._failed = True
        if (self._failed or not self._running) and self._end is not None and not self._end.done():
            self._end.set_result(None)

    async def _end_all(self) -> None:
        """Cancel what still runs and wait for its end: nothing outlives the request."""
        if not self._running:
            return
        pending = [task for task in self._tasks if not task.done()]
        for task in pending:
            task.cancel()
        if pending:
            await asyncio.wait(pending)


async def attempt(request: Request, name: str, call: Coroutine[Any, Any, Result], default: Result) -> Result:
    """Make a call that the answer can do without, outside a `FanOut`, as resolvers do."""
    try:
        return await call
    except UpstreamError as error:
        return _fall_back(request, name, error, default)


def _fall_back(request: Request, name: str, error: UpstreamError, default: Result) -> Result:
    extra = {**repeats("without", name, error.service, error.kind), **of_request(request.id)}
    _log.warning("answering without %s: %s", name, error, extra=extra)
    request.degrade(name)
    return default if error.last_good is None else error.last_good
