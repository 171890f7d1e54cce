"""Bounds how often somebody may try credentials that turn out wrong."""

import time
from collections.abc import Callable, Sequence

from colonnade_edge.errors import LimitExceeded
from colonnade_policy.limits import Ask, MemoryLimiter, Rule
from colonnade_policy.limits.rule import SECOND_US

MINUTE_US = 60 * SECOND_US

Guesser = tuple[str, Rule]
"""What wrong credentials have in common, such as an address, and how many it may send."""


def per_minute(rate: int) -> Rule:
    """Return the rule that allows `rate` at once, and as many a minute."""
    return Rule("token_bucket", rate, MINUTE_US, rate)


class Guesses:
    """Counts wrong credentials, in this process.

    `clock` gives microseconds and never goes back.
    """

    def __init__(self, clock: Callable[[], int] = lambda: time.monotonic_ns() // 1000) -> None:
        self._clock = clock
        self._limiter = MemoryLimiter()

    def allow(self, guessers: Sequence[Guesser]) -> None:
        """Raise `LimitExceeded` where one of them has no wrong guess left; take nothing."""
        for key, rule in guessers:
            outcome = self._limiter.decide([Ask(key, rule)], 0, self._clock())[0]
            if outcome.remaining < 1:
                wait_s = max(1, rule.period_us // rule.rate // SECOND_US)
                raise LimitExceeded("wrong-credentials", wait_s, [])

    def wrong(self, guessers: Sequence[Guesser]) -> None:
        """Count a guess that was wrong against each of them."""
        for key, rule in guessers:
            self._limiter.decide([Ask(key, rule)], 1, self._clock())
