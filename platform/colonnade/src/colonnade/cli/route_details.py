"""All that holds for one route, in words: a line for each concern."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from colonnade.cli.route_words import auth, decider, limit, match
from colonnade.cli.ways import way

if TYPE_CHECKING:
    from colonnade.ir.breaker import Breaker
    from colonnade.ir.health import Bounds, Health
    from colonnade.ir.platform import Bff
    from colonnade.ir.route import Retries, Route

KIB = 1024

Row = tuple[str, str]


def details(route: "Route", bff: "Bff") -> Iterator[Row]:
    """Yield what is asked of a request first, and then what is done for it."""
    yield "match", match(route.match)
    yield "auth", auth(route.auth)
    for counted in route.limits:
        yield "limit", f"{counted.label}: {limit(counted)}"
    yield "decided by", f"{decider(route)}: {route.decision.reason}"
    yield "criticality", route.criticality
    yield "body", "any" if route.stream else f"{route.max_body / KIB:g} KiB at most"
    yield "goes to", way(bff)
    yield "timeouts", _timeouts(route)
    yield "retries", _retries(route.retries)
    yield "breaker", _breaker(route.breaker)
    yield "health", _health(bff)
    if bff.replicas > 1:
        yield "ejection", _ejection(bff.health)
    yield "bounds", _bounds(bff.bounds)


def _timeouts(route: "Route") -> str:
    told = route.timeouts
    answer = "no end" if route.stream else f"read {told.read_s:g}s"
    return f"connect {told.connect_s:g}s, send {told.send_s:g}s, {answer}, idle {told.idle_s:g}s"


def _retries(retries: "Retries") -> str:
    if not retries.attempts:
        return "none"
    keyed = ", or any with an Idempotency-Key" if retries.idempotency_key else ""
    way = "a second try beside the first after" if retries.hedged else "each try within"
    causes = ", ".join(map(str, retries.on))
    methods = ", ".join(retries.methods)
    return f"{retries.attempts} more of {methods}{keyed}, on {causes}; {way} {retries.per_try_s:g}s"


def _breaker(breaker: "Breaker") -> str:
    statuses = f" (also {', '.join(map(str, breaker.unhealthy))})" if breaker.unhealthy else ""
    good = f" ({', '.join(map(str, breaker.healthy))})" if breaker.healthy is not None else ""
    return (
        f"opens after {breaker.failures} failures in a row{statuses}, for {breaker.first_pause_s:g}s, "
        f"doubled up to {breaker.max_pause_s:g}s; closes after {breaker.successes} successes{good}"
    )


def _health(bff: "Bff") -> str:
    health = bff.health
    asked = "gRPC's own check" if bff.grpc else f"GET {health.path}"
    return (
        f"{asked} every {health.interval_s:g}s, within {health.timeout_s:g}s; out after {health.unhealthy}, "
        f"in again after {health.healthy}, its whole share after {health.slow_start_s:g}s"
    )


def _ejection(health: "Health") -> str:
    ejection = health.ejection
    return (
        f"after {ejection.failures} failures in a row, for {ejection.pause_s:g}s and longer each time; "
        f"{ejection.most:g}% of the instances at most"
    )


def _bounds(bounds: "Bounds") -> str:
    return (
        f"{bounds.connections} requests under way, {bounds.pending} more waiting; "
        f"further tries at most {bounds.retries:g}% of them"
    )
