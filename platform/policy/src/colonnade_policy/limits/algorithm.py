"""What every algorithm answers. Times are whole microseconds, states tuples of whole numbers.

A state begins with the time at which it held. `now` never lies before it: see `memory.advanced`.
"""

from typing import Protocol

from colonnade_policy.limits.rule import Rule

State = tuple[int, ...]


class Counting(Protocol):
    """One algorithm, without any state of its own."""

    def fresh(self, rule: Rule, now: int) -> State:
        """Return the state of somebody who never asked."""
        ...

    def advance(self, rule: Rule, state: State, now: int) -> State:
        """Return what has become of a state by `now`."""
        ...

    def wait(self, rule: Rule, state: State, cost: int) -> int:
        """Return how long a request must wait its turn, or minus the time after which to ask again."""
        ...

    def charge(self, rule: Rule, state: State, cost: int) -> State:
        """Return the state after a request that `wait` lets in."""
        ...

    def remaining(self, rule: Rule, state: State) -> int:
        """Return how many requests of cost 1 would be let in now."""
        ...

    def reset(self, rule: Rule, state: State) -> int:
        """Return the time after which the state is as if nobody had asked."""
        ...


def ceil_div(dividend: int, divisor: int) -> int:
    """Return the quotient rounded up."""
    return -(-dividend // divisor)
