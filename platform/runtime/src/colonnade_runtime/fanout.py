"""Several calls at once, each required or optional."""

import asyncio
import logging
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from colonnade_runtime.errors import UpstreamError

Result = TypeVar("Result")
_log = logging.getLogger(__name__)


class FanOut:
    """Calls started inside `async with` are done at its end; the first required one that fails ends it.

    An optional call that fails yields its default, and its name stands in `degraded`.
    """

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[Any]] = []
        self._failed: list[str] = []

    @property
    def degraded(self) -> list[str]:
        """The names of what is missing, sorted."""
        return sorted(set(self._failed))

    def required(self, call: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Start a call without which there is no answer."""
        task = asyncio.create_task(call)
        self._tasks.append(task)
        return task

    def optional(self, name: str, call: Coroutine[Any, Any, Result], default: Result) -> asyncio.Task[Result]:
        """Start a call that the answer can do without."""
        return self.required(self.attempt(name, call, default))

    async def attempt(self, name: str, call: Coroutine[Any, Any, Result], default: Result) -> Result:
        """Make a call now that the answer can do without: one that needs another's result."""
        try:
            return await call
        except UpstreamError as error:
            _log.warning("answering without %s: %s", name, error)
            self._failed.append(name)
            return default

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End: wait, cancel what is left, raise the first failure."""
        try:
            if error is None and self._tasks:
                await asyncio.wait(self._tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            await self._end_all()
        failures = [task.exception() for task in self._tasks if not task.cancelled()]
        first = next((failure for failure in failures if failure is not None), None)
        if error is None and first is not None:
            raise first

    async def _end_all(self) -> None:
        """Cancel what still runs and wait for its end: nothing outlives the request."""
        pending = [task for task in self._tasks if not task.done()]
        for task in pending:
            task.cancel()
        if pending:
            await asyncio.wait(pending)
