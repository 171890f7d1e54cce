"""One limit's numbers, whole ones only: nothing is ever rounded."""

import struct
from typing import Literal

import msgspec

Algorithm = Literal[
    "fixed_window", "sliding_window_log", "sliding_window_counter", "token_bucket", "leaky_bucket"
]

MAX_EXACT = 2**53
"""Lua counts in doubles: whole numbers are exact below this."""

SECOND_US = 1_000_000

_CODES: dict[Algorithm, int] = {
    "fixed_window": 1,
    "sliding_window_log": 2,
    "sliding_window_counter": 3,
    "token_bucket": 4,
    "leaky_bucket": 5,
}
_SHADOW = 16
_PACKED = struct.Struct("<Bdddd")


class Rule(msgspec.Struct, frozen=True):
    """`rate` requests every `period_us` microseconds, by one algorithm.

    `burst` is what a token bucket holds, and how many requests may wait in a leaky bucket's queue, none of
    them longer than `max_delay_us`. Windows need neither.
    """

    algorithm: Algorithm
    rate: int
    period_us: int
    burst: int = 0
    max_delay_us: int = 0

    @property
    def quota(self) -> int:
        """The most that can be had at once."""
        match self.algorithm:
            case "token_bucket":
                return self.burst
            case "leaky_bucket":
                return self.burst + 1
            case _:
                return self.rate

    @property
    def window_s(self) -> int:
        """Seconds in which a spent quota comes back, rounded up."""
        windows = self.algorithm not in {"token_bucket", "leaky_bucket"}
        time_us = self.period_us if windows else -(-self.quota * self.period_us // self.rate)
        return -(-time_us // SECOND_US)

    def check(self) -> None:
        """Raise `ValueError`, saying what is wrong, where the limit cannot be counted exactly."""
        if min(self.rate, self.period_us, self.quota) < 1 or min(self.burst, self.max_delay_us) < 0:
            raise ValueError("rate, period and burst must be positive")
        if max(self.quota, self.rate) * self.period_us >= MAX_EXACT:
            raise ValueError("rate or burst times period is too large to be counted exactly")

    def packed(self, *, shadow: bool = False) -> bytes:
        """Return the rule as the script reads it; a `shadow` rule counts without refusing."""
        code = _CODES[self.algorithm] + (_SHADOW if shadow else 0)
        return _PACKED.pack(code, self.rate, self.period_us, self.burst, self.max_delay_us)
