"""What happens to a breaker, and what two implementations make of it: None, or the seconds it refuses for."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from colonnade_runtime.upstream import Breaking
from colonnade_runtime.upstream.breaker import Breaker

from tests.breakers.model import Settings

Refusals = list[int | None]


@dataclass(frozen=True)
class Ask:
    """A call is to be made `at` some second."""

    at: float


@dataclass(frozen=True)
class Answer:
    """The call that was asked for `asked`-th, from 0, has its answer; `good` is None if it says nothing."""

    at: float
    asked: int
    good: bool | None


History = Sequence[Ask | Answer]


def whole(seconds: float) -> int:
    """Return seconds as `Retry-After` tells them."""
    return max(1, math.ceil(seconds))


def by_runtime(settings: Settings, history: History) -> Refusals:
    """Return what the runtime's breaker says to each `Ask`."""
    now = 0.0
    wanted = Breaking(
        failures=settings.failures,
        successes=settings.successes,
        first=settings.first_pause,
        longest=settings.max_pause,
    )
    breaker = Breaker(wanted, lambda: now)
    permits: list[int | None] = []
    refusals: Refusals = []
    for event in history:
        now = event.at
        if isinstance(event, Ask):
            permits.append(breaker.admit())
            refusals.append(whole(breaker.retry_after) if permits[-1] is None else None)
        elif (permit := permits[event.asked]) is not None:
            report = {True: breaker.succeeded, False: breaker.failed, None: breaker.released}
            report[event.good](permit)
    return refusals
