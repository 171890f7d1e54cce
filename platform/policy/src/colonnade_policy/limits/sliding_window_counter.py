"""Sliding window counter: this window's count and the share of the last one that still overlaps.

State: (at, previous, current). Assumes that requests came evenly during the last window; constant memory.
Source: Cloudflare, "How we built rate limiting capable of scaling to millions of domains" (2017).
"""

from colonnade_policy.limits.algorithm import State, ceil_div
from colonnade_policy.limits.rule import Rule


class SlidingWindowCounter:
    """Weighs two counts. Counts are multiplied by the period, so that weights are whole numbers."""

    def fresh(self, _rule: Rule, now: int) -> State:
        """Nothing was counted."""
        return now, 0, 0

    def advance(self, rule: Rule, state: State, now: int) -> State:
        """The current window becomes the last one, and then is forgotten."""
        at, previous, current = state
        match now // rule.period_us - at // rule.period_us:
            case 0:
                return now, previous, current
            case 1:
                return now, current, 0
            case _:
                return now, 0, 0

    def wait(self, rule: Rule, state: State, cost: int) -> int:
        """Fits, or comes back when enough of the older window has slid out."""
        at, previous, current = state
        period, left = rule.period_us, _left(rule, at)
        if _used(rule, state) + cost * period <= rule.rate * period:
            return 0
        if cost > rule.rate:
            return -period
        room = rule.rate - current - cost
        if room >= 0:  # in this window, as the one before slides out
            return room * period // previous - left
        # In the next window, as this one slides out.
        return (rule.rate - cost) * period // current - period - left

    def charge(self, _rule: Rule, state: State, cost: int) -> State:
        """Count the request."""
        at, previous, current = state
        return at, previous, current + cost

    def remaining(self, rule: Rule, state: State) -> int:
        """What both windows leave."""
        return rule.rate - ceil_div(_used(rule, state), rule.period_us)

    def reset(self, rule: Rule, state: State) -> int:
        """Until both windows have slid out."""
        at, previous, current = state
        left = _left(rule, at)
        if current:
            return left + rule.period_us
        return left if previous else 0


def _left(rule: Rule, now: int) -> int:
    return rule.period_us - now % rule.period_us


def _used(rule: Rule, state: State) -> int:
    at, previous, current = state
    return previous * _left(rule, at) + current * rule.period_us
