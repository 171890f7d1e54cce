"""The five algorithms as one would explain them: events and fractions, no states, no formulas for waiting.

Each says only what one more request would meet. When to come back, how many more fit and when all is
forgotten is found by asking it again for other times and costs.
"""

from collections.abc import Callable
from copy import copy
from fractions import Fraction
from math import ceil
from typing import Protocol

from colonnade_policy.limits import Outcome, Rule


class Model(Protocol):
    """One limit of one consumer."""

    def delay(self, now: int, cost: int) -> Fraction | None:
        """Return how long (µs) a request waits, None where it is refused."""
        ...

    def admit(self, now: int, cost: int) -> None:
        """Count a request."""
        ...


class Fixed:
    def __init__(self, rule: Rule) -> None:
        self.rule, self.events = rule, list[tuple[int, int]]()

    def delay(self, now: int, cost: int) -> Fraction | None:
        window = now // self.rule.period_us
        used = sum(c for t, c in self.events if t // self.rule.period_us == window)
        return Fraction(0) if used + cost <= self.rule.rate else None

    def admit(self, now: int, cost: int) -> None:
        recent = [event for event in self.events if now - event[0] < 2 * self.rule.period_us]
        self.events = [*recent, (now, cost)]


class Log(Fixed):
    def delay(self, now: int, cost: int) -> Fraction | None:
        used = sum(c for t, c in self.events if now - t < self.rule.period_us)
        return Fraction(0) if used + cost <= self.rule.rate else None


class Counter(Fixed):
    def delay(self, now: int, cost: int) -> Fraction | None:
        window, into = divmod(now, self.rule.period_us)
        before, current = (
            sum(c for t, c in self.events if t // self.rule.period_us == number)
            for number in (window - 1, window)
        )
        used = before * (1 - Fraction(into, self.rule.period_us)) + current
        return Fraction(0) if used + cost <= self.rule.rate else None


class Tokens:
    def __init__(self, rule: Rule) -> None:
        self.rule, self.tokens, self.at = rule, Fraction(rule.burst), 0

    def level(self, now: int) -> Fraction:
        earned = Fraction((now - self.at) * self.rule.rate, self.rule.period_us)
        return min(Fraction(self.rule.burst), self.tokens + earned)

    def delay(self, now: int, cost: int) -> Fraction | None:
        return Fraction(0) if self.level(now) >= cost else None

    def admit(self, now: int, cost: int) -> None:
        self.tokens, self.at = self.level(now) - cost, now


class Queue:
    """Requests leave it one by one; `empty_at` is when the last of them has left."""

    def __init__(self, rule: Rule) -> None:
        self.rule, self.empty_at = rule, Fraction(0)
        self.each = Fraction(rule.period_us, rule.rate)

    def delay(self, now: int, cost: int) -> Fraction | None:
        delay = max(Fraction(0), self.empty_at - now)
        fits = delay / self.each + cost <= self.rule.burst + 1
        return delay if fits and delay <= self.rule.max_delay_us else None

    def admit(self, now: int, cost: int) -> None:
        self.empty_at = max(Fraction(now), self.empty_at) + cost * self.each


MODELS: dict[str, Callable[[Rule], Model]] = {
    "fixed_window": Fixed,
    "sliding_window_log": Log,
    "sliding_window_counter": Counter,
    "token_bucket": Tokens,
    "leaky_bucket": Queue,
}


class Consumer:
    """One limit's model on a clock that may be set back, told in the words of the implementations."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.model = MODELS[rule.algorithm](rule)
        self.last = 0

    def at(self, clock: int) -> tuple[Model, int]:
        """A clock that was set back stands still, or all begins anew after more than a period."""
        if self.last - clock > self.rule.period_us:
            return MODELS[self.rule.algorithm](self.rule), clock
        return self.model, max(clock, self.last)

    def wait(self, clock: int, cost: int) -> int:
        model, now = self.at(clock)
        delay = model.delay(now, cost)
        if delay is not None:
            return ceil(delay)
        if cost > self.rule.quota:
            return -self.rule.period_us
        return -self._first(lambda later: model.delay(now + later, cost) is not None)

    def admit(self, clock: int, cost: int) -> None:
        self.model, self.last = self.at(clock)
        self.model.admit(self.last, cost)

    def outcome(self, clock: int, wait: int) -> Outcome:
        model, now = self.at(clock)
        full = self.rule.quota
        reset = self._first(lambda later: model.delay(now + later, full) == 0)
        return Outcome(wait, self._remaining(copy(model), now), reset)

    def _remaining(self, model: Model, now: int) -> int:
        count = 0
        while model.delay(now, 1) is not None:
            model.admit(now, 1)
            count += 1
        return count

    def _first(self, fits: Callable[[int], bool]) -> int:
        """The first time from now on at which it fits; nobody else comes in between."""
        if fits(0):
            return 0
        fits_not, fitting = 0, 1
        while not fits(fitting):
            fits_not, fitting = fitting, 2 * fitting
        while fitting - fits_not > 1:
            middle = (fits_not + fitting) // 2
            fits_not, fitting = (fits_not, middle) if fits(middle) else (middle, fitting)
        return fitting


def decide(consumers: list[tuple[Consumer, bool]], cost: int, clock: int) -> list[Outcome]:
    """Take from all limits, or from none where one that is no shadow refuses."""
    waits = [consumer.wait(clock, cost) for consumer, _ in consumers]
    allowed = all(wait >= 0 or shadow for (_, shadow), wait in zip(consumers, waits, strict=True))
    for (consumer, _), wait in zip(consumers, waits, strict=True):
        if allowed and wait >= 0 and cost:
            consumer.admit(clock, cost)
    return [consumer.outcome(clock, wait) for (consumer, _), wait in zip(consumers, waits, strict=True)]
