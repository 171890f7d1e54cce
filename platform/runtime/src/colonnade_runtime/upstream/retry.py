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


def retrying(
    settings: Retrying,
    budget: Budget,
    clock: Callable[[], float],
    random: Callable[[], float],
    sleep: Sleep,
    then: Stage,
) -> Stage:
    """Return the stage that makes a call again where no connection was had, or a status asks for it.

    A call that was too late is not made again: what would be left of its time is less than it took.
    """

    async def stage(call: Call) -> Reply:
        budget.earn()
        attempt = 1
        while True:
            failure: UpstreamUnreachable | None = None
            try:
                reply = await then(call)
            except UpstreamUnreachable as error:
                failure = error
            if failure is None and reply.status not in settings.statuses:
                return reply
            wait = pause(settings, attempt, random)
            if attempt >= settings.attempts or clock() + wait >= call.ends or not budget.spend():
                if failure is not None:
                    raise failure
                return reply
            attempt += 1
            await sleep(wait)

    return stage
