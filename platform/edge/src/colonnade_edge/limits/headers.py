"""What a limited answer says about its limits.

`X-RateLimit-*` speaks of the limit that is closest to refusing. `RateLimit` and `RateLimit-Policy` list all,
as the structured fields of draft-ietf-httpapi-ratelimit-headers-10 and -11: `q` is what a full bucket holds,
`w` the seconds in which an empty one fills, `r` what is left and `t` the seconds until it is full.
"""

from collections.abc import Sequence

from colonnade_edge.answer import Headers
from colonnade_edge.errors import LimitExceeded
from colonnade_edge.limits.plan import LimitPlan


def policy_field(limits: Sequence[LimitPlan]) -> str:
    """Return the value of `RateLimit-Policy`, which never changes for a route."""
    return ", ".join(f'"{limit.label}";q={limit.bucket.burst};w={limit.bucket.window_s}' for limit in limits)


def limit_headers(limits: Sequence[LimitPlan], levels: Sequence[int], policy: str) -> Headers:
    """Return the headers of an answer whose limits now stand at `levels`."""
    if len(limits) == 1:
        limit = limits[0]
        remaining = limit.bucket.remaining(levels[0])
        reset = str(limit.bucket.reset_s(levels[0]))
        field = f"{limit.quoted};r={remaining};t={reset}"
        return _headers(limit, str(remaining), reset, field, policy)
    pairs = list(zip(limits, levels, strict=True))
    tightest, level = min(pairs, key=lambda pair: pair[0].bucket.remaining(pair[1]))
    fields = ", ".join(
        f"{limit.quoted};r={limit.bucket.remaining(level)};t={limit.bucket.reset_s(level)}"
        for limit, level in pairs
    )
    remaining = tightest.bucket.remaining(level)
    return _headers(tightest, str(remaining), str(tightest.bucket.reset_s(level)), fields, policy)


def exceeded(limits: Sequence[LimitPlan], levels: Sequence[int], policy: str) -> LimitExceeded:
    """Return the refusal that names the limit which takes longest to allow another request."""
    short = [(limit, level) for limit, level in zip(limits, levels, strict=True) if limit.refuses(level)]
    slowest, level = max(short, key=lambda pair: pair[0].bucket.retry_after_s(pair[1]))
    headers = limit_headers(limits, levels, policy)
    return LimitExceeded(slowest.label, slowest.bucket.retry_after_s(level), headers)


def _headers(limit: LimitPlan, remaining: str, reset: str, field: str, policy: str) -> Headers:
    return [
        ("x-ratelimit-limit", limit.quota),
        ("x-ratelimit-remaining", remaining),
        ("x-ratelimit-reset", reset),
        ("ratelimit", field),
        ("ratelimit-policy", policy),
    ]
