"""The policy document with all that can be worked out before a request comes."""

import msgspec

from colonnade_edge.limits.headers import policy_field
from colonnade_edge.limits.plan import LimitPlan, plan_limit
from colonnade_policy import PolicyDocument, Route


class RoutePlan(msgspec.Struct, frozen=True):
    """A route, its limits, and their constant parts: the script's argument and the policy header."""

    route: Route
    required_scopes: frozenset[str]
    limits: tuple[LimitPlan, ...]
    packed: bytes
    policy_field: str


class Plan(msgspec.Struct, frozen=True):
    """A policy document that was found fit to decide by."""

    document: PolicyDocument
    routes: dict[str, RoutePlan]
    session_idle_s: int


def plan(document: PolicyDocument) -> Plan:
    """Return the plan of a document; raise `ValueError` where a route or limit in it makes no sense."""
    return Plan(
        document=document,
        routes={name: _plan_route(route) for name, route in document.routes.items()},
        session_idle_s=max(1, round(document.session.idle_s)),
    )


def _plan_route(route: Route) -> RoutePlan:
    limits = tuple(plan_limit(limit) for limit in route.limits)
    return RoutePlan(
        route=route,
        required_scopes=frozenset(route.scopes),
        limits=limits,
        packed=b"".join(limit.bucket.packed() for limit in limits),
        policy_field=policy_field(limits),
    )
