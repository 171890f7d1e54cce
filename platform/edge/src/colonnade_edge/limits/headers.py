"""What a limited answer says about its limits. A shadow is not mentioned: it refuses nobody.

`X-RateLimit-*` speaks of the limit that is closest to refusing. `RateLimit` and `RateLimit-Policy` list all,
as the structured fields of draft-ietf-httpapi-ratelimit-headers-10 and -11: `q` is the most that can be had
at once, `w` the seconds in which that comes back, `r` what is left and `t` the seconds until nothing is used.
"""

from collections.abc import Sequence

from colonnade_edge.answer import Headers
from colonnade_edge.errors import LimitExceeded
from colonnade_policy.limits import Outcome
from colonnade_policy.limits.rule import SECOND_US
from colonnade_policy.selection import CountedLimit

Pair = tuple[CountedLimit, Outcome]


def limit_headers(pairs: Sequence[Pair], policy: str) -> Headers:
    """Return the headers of an answer whose limits now stand as their outcomes say."""
    if len(pairs) == 1 and not pairs[0][0].shadow:
        limit, outcome = pairs[0]
        reset = seconds(outcome.reset_us)
        return _headers(limit, outcome, reset, f"{limit.quoted};r={outcome.remaining};t={reset}", policy)
    shown = [pair for pair in pairs if not pair[0].shadow]
    if not shown:
        return []
    tightest, outcome = min(shown, key=lambda pair: (pair[1].remaining, -pair[1].reset_us))
    fields = ", ".join(
        f"{limit.quoted};r={outcome.remaining};t={seconds(outcome.reset_us)}" for limit, outcome in shown
    )
    return _headers(tightest, outcome, seconds(outcome.reset_us), fields, policy)


def exceeded(pairs: Sequence[Pair], policy: str) -> LimitExceeded:
    """Return the refusal that names the limit which takes longest to allow another such request."""
    short = [pair for pair in pairs if pair[1].wait_us < 0 and not pair[0].shadow]
    slowest, outcome = min(short, key=lambda pair: pair[1].wait_us)
    retry_after = max(1, seconds(-outcome.wait_us))
    return LimitExceeded(slowest.label, retry_after, limit_headers(pairs, policy))


def seconds(time_us: int) -> int:
    """Return microseconds as seconds, rounded up."""
    return -(-time_us // SECOND_US)


def _headers(limit: CountedLimit, outcome: Outcome, reset: int, field: str, policy: str) -> Headers:
    return [
        ("x-ratelimit-limit", limit.quota),
        ("x-ratelimit-remaining", str(outcome.remaining)),
        ("x-ratelimit-reset", str(reset)),
        ("ratelimit", field),
        ("ratelimit-policy", policy),
    ]
