"""Leaky bucket as a queue: requests leave it one by one, `rate` of them every period. State: (at, backlog).

A backlog is counted in ticks: one request adds `period_us` of them, and each microsecond takes `rate` away.
A request that finds a backlog waits until it is gone, unless that takes longer than `max_delay_us`, or
`burst` others wait already: then it is refused at once.
Source: Turner 1986 as above; the meter as a queue of ITU-T I.371; the delay bound of nginx's limit_req.
"""

from colonnade_policy.limits.algorithm import State, ceil_div
from colonnade_policy.limits.rule import Rule


class LeakyBucket:
    """Shapes a burst into a steady flow."""

    def fresh(self, _rule: Rule, now: int) -> State:
        """An empty queue."""
        return now, 0

    def advance(self, rule: Rule, state: State, now: int) -> State:
        """Let it run out for the time that passed."""
        at, backlog = state
        return now, max(0, backlog - (now - at) * rule.rate)

    def wait(self, rule: Rule, state: State, cost: int) -> int:
        """Takes its turn, or comes back when the queue is short enough."""
        backlog = state[1]
        if cost > rule.burst + 1:
            return -rule.period_us
        excess = backlog - _longest(rule, cost)
        return -ceil_div(excess, rule.rate) if excess > 0 else ceil_div(backlog, rule.rate)

    def charge(self, rule: Rule, state: State, cost: int) -> State:
        """Queue the request."""
        at, backlog = state
        return at, backlog + cost * rule.period_us

    def remaining(self, rule: Rule, state: State) -> int:
        """How many more find a place that they reach in time."""
        room = _longest(rule, 1) - state[1]
        return room // rule.period_us + 1 if room >= 0 else 0

    def reset(self, rule: Rule, state: State) -> int:
        """Until the queue is empty."""
        return ceil_div(state[1], rule.rate)


def _longest(rule: Rule, cost: int) -> int:
    """The backlog behind which a request may still queue."""
    return min((rule.burst + 1 - cost) * rule.period_us, rule.max_delay_us * rule.rate)
