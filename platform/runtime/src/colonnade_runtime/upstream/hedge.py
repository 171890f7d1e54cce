"""Hedged reads: a read that is slow is made a second time, and the first good answer is taken."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Literal

from colonnade_runtime.errors import UpstreamError
from colonnade_runtime.upstream.call import Call, Reply, Stage
from colonnade_runtime.upstream.retry import Budget

RECENT = 200
ENOUGH = 20
P95 = 0.95
SERVER_ERROR = 500


class Delay:
    """After how many seconds the second read is made: fixed, or the 95th percentile of recent ones."""

    def __init__(self, hedge: float | Literal["p95"]) -> None:
        self._fixed = hedge if hedge != "p95" else None
        self._took: deque[float] = deque(maxlen=RECENT)

    def took(self, seconds: float) -> None:
        """Remember how long a read took."""
        if self._fixed is None:
            self._took.append(seconds)

    def seconds(self) -> float | None:
        """Return the delay; None before enough reads were seen."""
        if self._fixed is not None:
            return self._fixed
        if len(self._took) < ENOUGH:
            return None
        return sorted(self._took)[int(len(self._took) * P95)]


def hedging(
    hedge: float | Literal["p95"],
    budget: Budget,
    clock: Callable[[], float],
    hedged: Callable[[], None],
    then: Stage,
) -> Stage:
    """Return the stage that hedges; second reads are repetitions, and are taken from the same budget.

    The loser is cancelled. `hedged` is told of each second read.
    """
    delay = Delay(hedge)

    async def stage(call: Call) -> Reply:
        began = clock()
        first = asyncio.ensure_future(then(call))
        tasks: set[asyncio.Future[Reply]] = {first}
        try:
            await asyncio.wait(tasks, timeout=delay.seconds())
            if not first.done() and clock() < call.ends and budget.spend():
                hedged()
                tasks.add(asyncio.ensure_future(then(call)))
            reply = await _first_good(tasks)
        finally:
            await _end(tasks)
        delay.took(clock() - began)
        return reply

    return stage


async def _first_good(tasks: set[asyncio.Future[Reply]]) -> Reply:
    """Return the first answer that is none of a failing service; the last failure where there is none."""
    pending = set(tasks)
    while True:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        good = [task for task in done if _good(task)]
        if good or not pending:
            return (good or list(done))[0].result()


def _good(task: "asyncio.Future[Reply]") -> bool:
    failure = task.exception()
    if failure is not None and not isinstance(failure, UpstreamError):
        return True  # a mistake of ours, which nobody should hide
    return failure is None and task.result().status < SERVER_ERROR


async def _end(tasks: set[asyncio.Future[Reply]]) -> None:
    """Cancel the loser and wait for its end: nothing outlives the call."""
    pending = [task for task in tasks if not task.done()]
    for task in pending:
        task.cancel()
    if pending:
        await asyncio.wait(pending)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # the loser's failure is nobody's news
