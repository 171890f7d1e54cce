"""One execution of a plan: what it works with, what it waits for, and what went wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeGuard

from colonnade_runtime.operations.frame import Frame, Key
from graphql import FieldNode, GraphQLError, located_error
from graphql.execution.values import VariableValues

Complete = Callable[["Run", Any, Any, Key, Frame], None]
"""Puts the answer made of a resolver's value into `holder[key]`, within a frame; raises what went wrong."""

BUILTIN = frozenset({str, int, float, bool, list, dict, tuple, type(None)})


class Spot:
    """Where a value will stand once it is there, and how the answer is made of it."""

    __slots__ = ("complete", "frame", "holder", "key", "nodes", "nullable")

    def __init__(
        self,
        complete: Complete,
        nodes: Sequence[FieldNode],
        nullable: bool,  # noqa: FBT001 - made for each value that is waited for
        holder: Any,  # noqa: ANN401 - a dict or a list
        key: Key,
        frame: Frame,
    ) -> None:
        self.complete = complete
        self.nodes = nodes
        self.nullable = nullable
        self.holder = holder
        self.key = key
        self.frame = frame


class Run:
    """The state of one execution. Values that are waited for are completed as they come."""

    __slots__ = ("_done", "_left", "_loop", "_tasks", "arguments", "context", "errors", "root", "variables")

    def __init__(self, context: Any, root: Any, variables: VariableValues) -> None:  # noqa: ANN401 - the application's
        self.context = context
        self.root = root
        self.variables = variables
        self.arguments: dict[object, dict[str, Any]] = {}
        self.errors: list[GraphQLError] = []
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Future[Any]] = set()
        self._left = 0
        self._done: asyncio.Future[None] | None = None

    def place(self, value: Any, spot: Spot) -> None:  # noqa: ANN401 - whatever a resolver gives
        """Complete a value, now or when it is there."""
        if is_awaitable(value):
            self._wait(value, spot)
            return
        try:
            spot.complete(self, value, spot.holder, spot.key, spot.frame)
        except Exception as error:  # noqa: BLE001 - any error is a part of the answer
            self.fail(error, spot.nodes, spot.holder, spot.key, spot.frame, nullable=spot.nullable)

    def fail(
        self,
        error: Exception,
        nodes: Sequence[FieldNode],
        holder: Any,  # noqa: ANN401 - a dict or a list
        key: Key,
        frame: Frame,
        *,
        nullable: bool,
    ) -> None:
        """Tell an error at a place of the answer, which becomes null, or what is around it."""
        if frame.discarded:
            return
        self.errors.append(located_error(error, nodes, frame.path(key)))
        if nullable:
            holder[key] = None
        else:
            frame.clear()

    async def settle(self) -> None:
        """Wait until all values are there; leave no task behind, whatever happens."""
        if not self._left:
            return
        self._done = self._loop.create_future()
        try:
            await self._done
        finally:
            self._done = None
            for task in self._tasks:
                task.cancel()

    def _wait(self, value: Awaitable[Any], spot: Spot) -> None:
        spot.holder[spot.key] = None  # keeps the order of the query
        task = asyncio.ensure_future(value, loop=self._loop)
        self._left += 1
        self._tasks.add(task)
        task.add_done_callback(partial(self._arrived, spot))

    def _arrived(self, spot: Spot, task: "asyncio.Future[Any]") -> None:
        self._tasks.discard(task)
        self._left -= 1
        try:
            value = task.result()
            spot.complete(self, value, spot.holder, spot.key, spot.frame)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - as in `place`
            reason = error if isinstance(error, Exception) else GraphQLError("The resolver was cancelled.")
            self.fail(reason, spot.nodes, spot.holder, spot.key, spot.frame, nullable=spot.nullable)
        if not self._left and self._done is not None and not self._done.done():
            self._done.set_result(None)


def is_awaitable(value: Any) -> TypeGuard[Awaitable[Any]]:  # noqa: ANN401 - anything
    """Whether a value is to be waited for; a look at the type spares most values a look-up."""
    return value.__class__ not in BUILTIN and hasattr(value, "__await__")
