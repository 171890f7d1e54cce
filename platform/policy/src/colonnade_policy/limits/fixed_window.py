"""Fixed window: `rate` requests in each period of the clock. State: (at, count).

Two whole quotas can pass around the edge of a window. Constant memory.
"""

from colonnade_policy.limits.algorithm import State
from colonnade_policy.limits.rule import Rule


class FixedWindow:
    """Counts since the window began."""

    def fresh(self, _rule: Rule, now: int) -> State:
        """Nothing was counted."""
        return now, 0

    def advance(self, rule: Rule, state: State, now: int) -> State:
        """A new window begins with nothing."""
        at, count = state
        return now, count if now // rule.period_us == at // rule.period_us else 0

    def wait(self, rule: Rule, state: State, cost: int) -> int:
        """Fits, or comes back when the window ends."""
        at, count = state
        if count + cost <= rule.rate:
            return 0
        return -rule.period_us if cost > rule.rate else -_left(rule, at)

    def charge(self, _rule: Rule, state: State, cost: int) -> State:
        """Count the request."""
        at, count = state
        return at, count + cost

    def remaining(self, rule: Rule, state: State) -> int:
        """What the window still holds."""
        return rule.rate - state[1]

    def reset(self, rule: Rule, state: State) -> int:
        """Until the window ends, if anything was counted in it."""
        at, count = state
        return _left(rule, at) if count else 0


def _left(rule: Rule, now: int) -> int:
    return rule.period_us - now % rule.period_us
