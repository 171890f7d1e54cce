"""Retries: of idempotent calls only, few among all calls, and within the time of the call."""

from collections.abc import Awaitable, Callable

from colonnade_runtime.errors import UpstreamUnreachable
from colonnade_runtime.upstream.call import Call, Reply, Stage
from colonnade_runtime.upstream.policy import Retrying

Sleep = Callable[[float], Awaitable[None]]


class Budget:
    """How many calls may be made again: a share of those made, saved up to `burst`.

    So in any stretch of n calls there are at most `burst + share * n` repetitions.
    """

    def __init__(self, settings: Retrying) -> None:
        self._share = settings.budget
        self._burst = settings.burst
        self._saved = settings.burst
        self.spent = 0

    def earn(self) -> None:
        """Count a call made."""
        if self._saved < self._burst:
            self._saved = min(self._saved + self._share, self._burst)

    def spend(self) -> bool:
        """Take one repetition; False where there is none left."""
        if self._saved < 1.0:
            return False
        self._saved -= 1.0
        self.spent += 1
        return True


def pause(settings: Retrying, attempt: int, random: Callable[[], float]) -> float:
    """Return the seconds before `attempt` (the second is 1): full jitter, doubled up to the longest."""
    longest: float = min(settings.longest, settings.first * 2 ** (attempt - 1))
    return random() * longest


class Retries:
    """How calls are made again where no connection was had, or where one of `statuses` asks for it.

    A call that was too late is not made again: what would be left of its time is less than it took.
    """

    def __init__(
        self,
        settings: Retrying,
        budget: Budget,
        clock: Callable[[], float],
        random: Callable[[], float],
        sleep: Sleep,
    ) -> None:
        self.budget = budget
        self.statuses = settings.statuses
        self._settings = settings
        self._clock = clock
        self._random = random
        self._sleep = sleep

    async def after(self, outcome: Reply | UpstreamUnreachable, call: Call, then: Stage) -> Reply:
        """Return what comes of a call after its first `outcome`, raising it where it is no answer."""
        for attempt in range(1, self._settings.attempts):
            wait = pause(self._settings, attempt, self._random)
            if self._clock() + wait >= call.ends or not self.budget.spend():
                break
            await self._sleep(wait)
            try:
                outcome = await then(call)
            except UpstreamUnreachable as error:
                outcome = error
                continue
            if outcome.status not in self.statuses:
                break
        if isinstance(outcome, UpstreamUnreachable):
            raise outcome
        return outcome
