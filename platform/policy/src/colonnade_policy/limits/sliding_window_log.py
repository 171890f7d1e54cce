"""Sliding window log: at most `rate` requests in any period, however it lies. State: (at, time, cost, …).

The exact one; its memory grows with `rate`.
"""

from colonnade_policy.limits.algorithm import State
from colonnade_policy.limits.rule import Rule


class SlidingWindowLog:
    """Remembers when each request of the last period came, and what it cost."""

    def fresh(self, _rule: Rule, now: int) -> State:
        """Nobody came."""
        return (now,)

    def advance(self, rule: Rule, state: State, now: int) -> State:
        """Forget what is a whole period old."""
        first = 1
        while first < len(state) and state[first] + rule.period_us <= now:
            first += 2
        return now, *state[first:]

    def wait(self, rule: Rule, state: State, cost: int) -> int:
        """Fits, or comes back when enough of the oldest are forgotten."""
        excess = sum(state[2::2]) + cost - rule.rate
        if excess <= 0:
            return 0
        for time, spent in zip(state[1::2], state[2::2], strict=True):
            excess -= spent
            if excess <= 0:
                return state[0] - time - rule.period_us
        return -rule.period_us  # it costs more than the limit ever allows

    def charge(self, _rule: Rule, state: State, cost: int) -> State:
        """Write the request down."""
        return *state, state[0], cost

    def remaining(self, rule: Rule, state: State) -> int:
        """What the last period leaves."""
        return rule.rate - sum(state[2::2])

    def reset(self, rule: Rule, state: State) -> int:
        """Until the youngest is forgotten."""
        return state[-2] + rule.period_us - state[0] if len(state) > 1 else 0
