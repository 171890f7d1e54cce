"""Limits that one process decides alone, in memory."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from colonnade_policy.limits.algorithm import Counting, State
from colonnade_policy.limits.fixed_window import FixedWindow
from colonnade_policy.limits.leaky_bucket import LeakyBucket
from colonnade_policy.limits.rule import Algorithm, Rule
from colonnade_policy.limits.sliding_window_counter import SlidingWindowCounter
from colonnade_policy.limits.sliding_window_log import SlidingWindowLog
from colonnade_policy.limits.token_bucket import TokenBucket

ALGORITHMS: dict[Algorithm, Counting] = {
    "fixed_window": FixedWindow(),
    "sliding_window_log": SlidingWindowLog(),
    "sliding_window_counter": SlidingWindowCounter(),
    "token_bucket": TokenBucket(),
    "leaky_bucket": LeakyBucket(),
}

MAX_STATES = 100_000
"""About 25 MB. Beyond it what was idle longest is forgotten, as if it had never asked."""


class Ask(msgspec.Struct, frozen=True):
    """One limit that a request meets: whose state, by which rule; a `shadow` never refuses."""

    key: str
    rule: Rule
    shadow: bool = False


class Outcome(NamedTuple):
    """What one limit says of a request, after the decision. Times are in microseconds.

    `wait_us` is how long the request waits its turn; below zero the limit refuses it, and minus
    `wait_us` is when to come back. `reset_us` is when the limit will be as if nobody had asked.
    """

    wait_us: int
    remaining: int
    reset_us: int


class MemoryLimiter:
    """Decides as `decide.lua` does, on a dictionary."""

    def __init__(self, max_states: int = MAX_STATES) -> None:
        self._max_states = max_states
        self._states: OrderedDict[str, State] = OrderedDict()

    def decide(self, asks: Sequence[Ask], cost: int, now: int) -> list[Outcome]:
        """Take `cost` from all limits, or from none where one that is no shadow refuses.

        `now` is a clock in microseconds. A cost of 0 takes nothing and tells how the limits stand.
        """
        states = [advanced(ask.rule, self._states.get(ask.key), now) for ask in asks]
        waits = [
            ALGORITHMS[ask.rule.algorithm].wait(ask.rule, state, cost)
            for ask, state in zip(asks, states, strict=True)
        ]
        allowed = all(wait >= 0 or ask.shadow for ask, wait in zip(asks, waits, strict=True))
        outcomes = []
        for ask, state, wait in zip(asks, states, waits, strict=True):
            after = state
            if allowed and wait >= 0 and cost:
                after = ALGORITHMS[ask.rule.algorithm].charge(ask.rule, state, cost)
                self._keep(ask.key, after)
            outcomes.append(peek(ask.rule, after, wait))
        return outcomes

    def __len__(self) -> int:
        """Return how many states are kept."""
        return len(self._states)

    def _keep(self, key: str, state: State) -> None:
        self._states[key] = state
        self._states.move_to_end(key)
        if len(self._states) > self._max_states:
            self._states.popitem(last=False)


def advanced(rule: Rule, state: State | None, now: int) -> State:
    """Return a state as it is at `now`.

    A clock that was set back stands still until it has caught up; one that was set back by more than a
    period begins anew.
    """
    counting = ALGORITHMS[rule.algorithm]
    if state is not None and now < state[0]:
        now, state = (state[0], state) if state[0] - now <= rule.period_us else (now, None)
    return counting.fresh(rule, now) if state is None else counting.advance(rule, state, now)


def peek(rule: Rule, state: State, wait: int) -> Outcome:
    """Return what a state means to a request that was told to `wait`."""
    counting = ALGORITHMS[rule.algorithm]
    return Outcome(wait, counting.remaining(rule, state), counting.reset(rule, state))
