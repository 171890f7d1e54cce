"""Token bucket: `burst` tokens at first, `rate` of them come back every period. State: (at, level).

A level is counted in ticks: one token is worth `period_us` ticks, and each microsecond adds `rate` ticks.
Source: Turner, "New directions in communications (or which way to the information age?)", 1986; RFC 2697.
"""

from colonnade_policy.limits.algorithm import State, ceil_div
from colonnade_policy.limits.rule import Rule


class TokenBucket:
    """Fills steadily, up to its burst."""

    def fresh(self, rule: Rule, now: int) -> State:
        """A full bucket."""
        return now, rule.burst * rule.period_us

    def advance(self, rule: Rule, state: State, now: int) -> State:
        """Fill it for the time that passed."""
        at, level = state
        return now, min(rule.burst * rule.period_us, level + (now - at) * rule.rate)

    def wait(self, rule: Rule, state: State, cost: int) -> int:
        """Has the tokens, or comes back when the bucket has them."""
        missing = cost * rule.period_us - state[1]
        if missing <= 0:
            return 0
        return -rule.period_us if cost > rule.burst else -ceil_div(missing, rule.rate)

    def charge(self, rule: Rule, state: State, cost: int) -> State:
        """Take the tokens."""
        at, level = state
        return at, level - cost * rule.period_us

    def remaining(self, rule: Rule, state: State) -> int:
        """Whole tokens."""
        return state[1] // rule.period_us

    def reset(self, rule: Rule, state: State) -> int:
        """Until it is full."""
        return ceil_div(rule.burst * rule.period_us - state[1], rule.rate)
