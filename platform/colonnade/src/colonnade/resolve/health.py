"""What a bff.yaml says of health, bounds and the breaker, resolved."""

from collections.abc import Iterator

from colonnade.errors import Problem
from colonnade.ir import breaker, health
from colonnade.manifest.bounds import Bounds
from colonnade.manifest.breaker import Breaker
from colonnade.manifest.health import Checks, Ejection
from colonnade.manifest.load import Manifests


def check_bounds(manifests: Manifests) -> Iterator[Problem]:
    """Yield each BFF that may have more under way than the guardrails allow."""
    most = manifests.platform.manifest.guardrails.max_connections
    for written in manifests.bffs.values():
        for name in ("connections", "pending"):
            if getattr(written.manifest.bounds, name) > most:
                yield written.document.problem(("bounds", name), f"the guardrails allow at most {most}")


def resolve_health(written: Checks, ejection: Ejection) -> health.Health:
    """Return how instances are watched."""
    return health.Health(
        path=written.path,
        interval_s=written.interval.total_seconds(),
        timeout_s=written.timeout.total_seconds(),
        unhealthy=written.unhealthy,
        healthy=written.healthy,
        slow_start_s=written.slow_start.total_seconds(),
        ejection=health.Ejection(ejection.failures, ejection.pause.total_seconds(), ejection.most),
    )


def resolve_bounds(written: Bounds) -> health.Bounds:
    """Return how much may be under way."""
    return health.Bounds(written.connections, written.pending, written.retries)


def resolve_breaker(written: Breaker) -> breaker.Breaker:
    """Return when a route's BFF is left alone."""
    return breaker.Breaker(
        failures=written.unhealthy.failures,
        successes=written.healthy.successes,
        first_pause_s=written.first_pause.total_seconds(),
        max_pause_s=written.max_pause.total_seconds(),
        unhealthy=written.unhealthy.statuses,
        healthy=written.healthy.statuses,
    )
