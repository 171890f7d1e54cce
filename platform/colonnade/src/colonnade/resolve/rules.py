"""A limit as it was written, in the whole numbers that it is counted by."""

from datetime import timedelta

from colonnade.manifest.model import Limit
from colonnade.manifest.units import Rate
from colonnade_policy.limits import Rule

MAX_DELAY = timedelta(seconds=1)
"""How long a leaky bucket lets a request wait: longer, and people try again while they are still queued."""
QUEUEING = "leaky_bucket"
BURSTING = ("token_bucket", QUEUEING)
SECOND_US = 1_000_000


def rule_of(limit: Limit, rate: Rate, burst: int | None) -> Rule:
    """Return the rule of a limit for one rate: its own, or a tier's."""
    delay = limit.max_delay or MAX_DELAY
    return Rule(
        algorithm=limit.algorithm,
        rate=rate.count,
        period_us=round(rate.period_s * SECOND_US),
        burst=(burst or rate.count) if limit.algorithm in BURSTING else 0,
        max_delay_us=round(delay.total_seconds() * SECOND_US) if limit.algorithm == QUEUEING else 0,
    )


def all_rules(limit: Limit) -> list[Rule]:
    """Return the rule of everybody, then those of the tiers."""
    own = rule_of(limit, limit.rate, limit.burst)
    return [own, *(rule_of(limit, tier.rate, tier.burst) for tier in limit.tiers.values())]
