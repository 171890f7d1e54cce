"""A circuit breaker: leaves a service alone that fails, and lets single calls find out when it is back."""

from collections.abc import Callable
from enum import StrEnum

from colonnade_runtime.errors import UpstreamTimeout, UpstreamUnreachable
from colonnade_runtime.upstream.policy import Breaking

FAIR_S = 0.1
"""A call that was given less time than this says nothing of the service by being late."""


class State(StrEnum):
    """Whether calls are made: all, none, or one at a time."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """The state of one service. Every `admit` that returns a permit is followed by one report with it."""

    def __init__(self, settings: Breaking, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._era = 0  # reports of calls admitted in an earlier state count no more
        self._in_a_row = 0  # failures while closed, successes while half open
        self._open_until: float | None = None  # None while closed
        self._pause = settings.first
        self._probing = False
        self.opened = 0
        self.closed = 0

    @property
    def state(self) -> State:
        """What the next call meets."""
        if self._open_until is None:
            return State.CLOSED
        return State.OPEN if self._clock() < self._open_until else State.HALF_OPEN

    @property
    def retry_after(self) -> float:
        """In how many seconds a call may be admitted again."""
        return 0.0 if self._open_until is None else max(0.0, self._open_until - self._clock())

    def admit(self) -> int | None:
        """Return a permit, or None where no call may be made now."""
        if self._open_until is not None:
            if self._probing or self._clock() < self._open_until:
                return None
            self._probing = True
        return self._era

    def answered(self, permit: int, status: int) -> None:
        """Report an answer, which may be a failure by its status."""
        if status in self._settings.statuses:
            self.failed(permit)
        elif self._in_a_row or self._open_until is not None:
            self.succeeded(permit)

    def raised(self, permit: int, error: BaseException, seconds: float) -> None:
        """Report a call that ended without an answer, of the `seconds` that it was given."""
        late = isinstance(error, UpstreamTimeout) and seconds >= FAIR_S
        if late or isinstance(error, UpstreamUnreachable):
            self.failed(permit)
        else:
            self.released(permit)

    def succeeded(self, permit: int) -> None:
        """Report an answer."""
        if permit != self._era:
            return
        if self._open_until is None:
            self._in_a_row = 0
            return
        self._probing = False
        self._in_a_row += 1
        if self._in_a_row >= self._settings.successes:
            self._enter(open_until=None)
            self._pause = self._settings.first
            self.closed += 1

    def failed(self, permit: int) -> None:
        """Report a failure of the service."""
        if permit != self._era:
            return
        self._in_a_row += 1
        if self._open_until is not None or self._in_a_row >= self._settings.failures:
            self._enter(open_until=self._clock() + self._pause)
            self._pause = min(self._pause * 2, self._settings.longest)
            self.opened += 1

    def released(self, permit: int) -> None:
        """Report that nothing was learnt: the call was given up, or failed on our side."""
        if permit == self._era:
            self._probing = False

    def _enter(self, open_until: float | None) -> None:
        self._open_until = open_until
        self._era += 1
        self._in_a_row = 0
        self._probing = False
