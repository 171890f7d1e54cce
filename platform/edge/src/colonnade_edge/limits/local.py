"""Token buckets of this process alone: what `on_store_failure: local` counts by."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from colonnade_edge.limits.bucket import Bucket

MAX_BUCKETS = 100_000
"""About 25 MB. Beyond it the bucket that was idle longest is forgotten, which is as if it were full."""


def monotonic_us() -> int:
    """Return a clock in whole microseconds that never goes back."""
    return time.monotonic_ns() // 1000


class LocalBuckets:
    """The algorithm of `token_bucket.lua` on a dictionary."""

    def __init__(self, clock_us: Callable[[], int] = monotonic_us, max_buckets: int = MAX_BUCKETS) -> None:
        self._clock_us = clock_us
        self._max_buckets = max_buckets
        self._states: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def take(self, keys: Sequence[str], buckets: Sequence[Bucket]) -> list[int]:
        """Take a token from every bucket, or from none.

        Returns the levels after the decision, each as -1 - level where the request is refused.
        """
        now = self._clock_us()
        levels = [self._level(key, bucket, now) for key, bucket in zip(keys, buckets, strict=True)]
        if any(level < bucket.period_us for level, bucket in zip(levels, buckets, strict=True)):
            return [-1 - level for level in levels]
        taken = [level - bucket.period_us for level, bucket in zip(levels, buckets, strict=True)]
        for key, level in zip(keys, taken, strict=True):
            self._states[key] = (level, now)
            self._states.move_to_end(key)
        while len(self._states) > self._max_buckets:
            self._states.popitem(last=False)
        return taken

    def _level(self, key: str, bucket: Bucket, now: int) -> int:
        level, at = self._states.get(key, (bucket.capacity, now))
        if now < at:
            self._states[key] = (level, now)
            return min(bucket.capacity, level)
        return min(bucket.capacity, level + (now - at) * bucket.rate)
