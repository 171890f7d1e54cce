"""What proposed limits would have done to recorded requests."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from colonnade.errors import UserError
from colonnade.ir.route import Route
from colonnade.limits.match import find_route
from colonnade.limits.recorded import Request
from colonnade_policy import Route as PolicyRoute
from colonnade_policy.limits import Ask, MemoryLimiter, Outcome
from colonnade_policy.selection import CountedLimit, LimitSet, plan_limits

KEPT = 100_000_000
"""States: more than any log holds, so nobody is forgotten."""


class Consumer(msgspec.Struct):
    """What one limit would have done to one consumer; times are microseconds since 1970."""

    value: str
    asked: int = 0
    refused: int = 0
    first: int = 0
    last: int = 0


class LimitReport(msgspec.Struct):
    """What one limit would have done. A request may be refused by several limits at once."""

    name: str
    shadow: bool
    asked: int = 0
    refused: int = 0
    delayed: int = 0
    longest_delay_us: int = 0
    consumers: dict[str, Consumer] = {}

    def of(self, value: str) -> Consumer:
        """Return a consumer's own numbers."""
        found = self.consumers.get(value)
        if found is None:
            found = self.consumers[value] = Consumer(value)
        return found

    def heaviest(self) -> list[Consumer]:
        """Return who would have been refused, most first."""
        refused = [one for one in self.consumers.values() if one.refused]
        return sorted(refused, key=lambda one: (-one.refused, one.value))


class Report(msgspec.Struct):
    """What was replayed: requests that met a limited route, and how many were and would be refused."""

    requests: int = 0
    elsewhere: int = 0
    refused_then: int = 0
    refused_now: int = 0
    limits: dict[str, LimitReport] = {}


class Replay:
    """Counts requests by the limits of `routes` that belong to the BFF `name`.

    Raises `UserError` where a limit counts by what no log holds.
    """

    def __init__(self, routes: Sequence[Route], policy: Mapping[str, PolicyRoute], name: str) -> None:
        self._routes = routes
        self._name = name
        self._named = {route.id: route for route in routes if route.match.headers}
        self._limits = {
            id: plan_limits(route.limits)
            for id, route in policy.items()  # noqa: A001 - as the field is called
            if route.bff == name
        }
        self._costs = {id: route.cost or 1 for id, route in policy.items()}  # noqa: A001 - as above
        self._limiter = MemoryLimiter(KEPT)
        self.report = Report()
        for route in (route for route in routes if route.bff == name):
            for limit in route.limits:
                _require_recorded(limit.name, limit.key)
                self.report.limits[limit.name] = LimitReport(limit.name, limit.shadow)

    def run(self, requests: Iterable[Request]) -> Report:
        """Replay requests in the order of their time."""
        for request in requests:
            self._count(request)
        return self.report

    def _count(self, request: Request) -> None:
        route = self._find(request)
        limits = self._limits.get(route.id) if route is not None else None
        if route is None or limits is None:
            self.report.elsewhere += 1
            return
        self.report.requests += 1
        self.report.refused_then += request.refused
        routed = msgspec.structs.replace(request, route_id=route.id)
        self.report.refused_now += self._decide(limits, routed, self._costs[route.id])

    def _find(self, request: Request) -> Route | None:
        """Headers are not in the log, but the route that was chosen by them is."""
        named = self._named.get(request.route_id)
        headers = dict(named.match.headers) if named is not None else {}
        return find_route(self._routes, request.host, request.path, request.method, headers)

    def _decide(self, limits: LimitSet, request: Request, cost: int) -> bool:
        met = limits.select(request).limits
        asks = [Ask(limit.key_of(request), limit.rule, limit.shadow) for limit in met]
        outcomes = self._limiter.decide(asks, cost, request.at)
        for limit, outcome in zip(met, outcomes, strict=True):
            self._note(limit, outcome, request)
        return any(
            outcome.wait_us < 0 and not limit.shadow for limit, outcome in zip(met, outcomes, strict=True)
        )

    def _note(self, limit: CountedLimit, outcome: Outcome, request: Request) -> None:
        report = self.report.limits[limit.name]
        consumer = report.of(limit.value_of(request))
        report.asked += 1
        consumer.asked += 1
        if outcome.wait_us < 0:
            report.refused += 1
            consumer.refused += 1
            consumer.first = consumer.first or request.at
            consumer.last = request.at
        elif outcome.wait_us > 0:
            report.delayed += 1
            report.longest_delay_us = max(report.longest_delay_us, outcome.wait_us)


def _require_recorded(name: str, key: Sequence[str]) -> None:
    lost = [part for part in key if part == "credential" or part.startswith("header:")]
    if lost:
        raise UserError(
            f"limit {name} counts by {lost[0]}, which the access log does not hold",
            "replay it with a key of consumer, ip, path or route",
        )
