"""The arithmetic of one token bucket, in whole numbers.

A level is counted in ticks: one token is worth `period_us` ticks, and each microsecond adds `rate` ticks.
Nothing is ever rounded. The script `token_bucket.lua` counts alike.
"""

import struct

import msgspec

MAX_EXACT = 2**53
"""Lua counts in doubles: whole numbers are exact below this."""

_SECOND_US = 1_000_000
_PACKED = struct.Struct("<ddd")


class Bucket(msgspec.Struct, frozen=True):
    """`rate` tokens every `period_us` microseconds, `burst` of them at once."""

    rate: int
    period_us: int
    burst: int

    @property
    def capacity(self) -> int:
        """The level of a full bucket, in ticks."""
        return self.burst * self.period_us

    @property
    def window_s(self) -> int:
        """Seconds in which an empty bucket fills, rounded up."""
        return -(-self.capacity // (self.rate * _SECOND_US))

    def remaining(self, level: int) -> int:
        """Return the tokens that can be taken at `level`."""
        return level // self.period_us

    def reset_s(self, level: int) -> int:
        """Return the seconds until the bucket is full again, rounded up."""
        return -((level - self.capacity) // (self.rate * _SECOND_US))

    def retry_after_s(self, level: int) -> int:
        """Return the seconds until one token can be taken, rounded up, at least one."""
        return max(1, -((level - self.period_us) // (self.rate * _SECOND_US)))

    def packed(self) -> bytes:
        """Return the bucket as the script reads it."""
        return _PACKED.pack(self.rate, self.period_us, self.burst)
