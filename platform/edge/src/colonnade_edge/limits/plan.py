"""A limit of the policy document, with all that can be worked out before a request comes."""

import msgspec

from colonnade_edge.limits.bucket import MAX_EXACT, Bucket
from colonnade_edge.limits.keys import KeyOf, key_of
from colonnade_policy import Limit, StoreFailure

_SECOND_US = 1_000_000


class LimitPlan(msgspec.Struct, frozen=True):
    """One token bucket, and how to find which of them a request takes from."""

    label: str
    quoted: str
    quota: str
    bucket: Bucket
    key_of: KeyOf
    on_store_failure: StoreFailure

    def refuses(self, level: int) -> bool:
        """Return whether a bucket at `level` has no whole token."""
        return level < self.bucket.period_us


def plan_limit(limit: Limit) -> LimitPlan:
    """Return the plan of one limit.

    Raises `ValueError` where a number is out of range, a label cannot stand in a header, or a key is unknown.
    """
    bucket = Bucket(limit.rate, round(limit.period_s * _SECOND_US), limit.burst)
    where = f"limit {limit.name!r}"
    if min(bucket.rate, bucket.period_us, bucket.burst) < 1:
        raise ValueError(f"{where}: rate, period and burst must be positive")
    if bucket.capacity >= MAX_EXACT:
        raise ValueError(f"{where}: burst times period is too large to be counted exactly")
    if not limit.label.isascii() or not limit.label.isprintable() or set(limit.label) & {'"', "\\"}:
        raise ValueError(f"{where}: the label {limit.label!r} must be printable ASCII without quotes")
    return LimitPlan(
        label=limit.label,
        quoted=f'"{limit.label}"',
        quota=str(limit.burst),
        bucket=bucket,
        key_of=key_of(limit.name, bucket.period_us, limit.key),
        on_store_failure=limit.on_store_failure,
    )
