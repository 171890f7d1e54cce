"""The policy document with all that can be worked out before a request comes."""

import msgspec

from colonnade_edge.csrf import TrustedOrigins, trusting
from colonnade_policy import Identity, PolicyDocument, Route
from colonnade_policy.selection import LimitSet, plan_limits


class RoutePlan(msgspec.Struct, frozen=True):
    """A route, its limits if there are any, and whose pages may act with a session beside our own."""

    route: Route
    required_scopes: frozenset[str]
    limits: LimitSet | None
    trusts: TrustedOrigins


class Plan(msgspec.Struct, frozen=True):
    """A policy document that was found fit to decide by."""

    document: PolicyDocument
    routes: dict[str, RoutePlan]
    session_idle_s: int

    @property
    def revocation_life_s(self) -> float:
        """The longest life of a credential that the store cannot end, in seconds."""
        return max(self.document.identity.max_token_life_s, self.document.session.absolute_s)


def plan(document: PolicyDocument) -> Plan:
    """Return the plan of a document; raise `ValueError` where a route, limit or consumer makes no sense."""
    _check_issuers(document.identity)
    return Plan(
        document=document,
        routes={name: _plan_route(route) for name, route in document.routes.items()},
        session_idle_s=max(1, round(document.session.idle_s)),
    )


def _check_issuers(identity: Identity) -> None:
    """Whoever shares a name with another could have its own tokens taken for the other's."""
    seen = {identity.issuer}
    for consumer in identity.consumers:
        if consumer.issuer in seen:
            raise ValueError(f"consumer {consumer.name!r}: somebody else is {consumer.issuer!r}")
        seen.add(consumer.issuer)


def _plan_route(route: Route) -> RoutePlan:
    return RoutePlan(
        route=route,
        required_scopes=frozenset(route.scopes),
        limits=plan_limits(route.limits),
        trusts=trusting(route.trusted_origins),
    )
