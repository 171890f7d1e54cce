"""Which limits a request meets."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from colonnade.ir.route import Limit, Route
from colonnade_policy import Limit as PolicyLimit
from colonnade_policy.counted import CLIENT_IP
from colonnade_policy.selection import EVERYBODY, EXEMPT, plan_limits


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: `consumer` is such as `user:alice`."""

    consumer: str
    groups: frozenset[str] = frozenset()
    credential: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A request that might be made; header names are in lower case."""

    route_id: str
    path: str
    identity: Asker
    headers: Mapping[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str:
        """Return a header's value, or the empty string."""
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True)
class Applied:
    """A limit as it applies to one request: `rate` as it was written, `group` if it is a tier's."""

    name: str
    label: str
    algorithm: str
    rate: str
    burst: int
    group: str
    exempt: bool
    counts: str
    policy: str
    shadow: bool
    on_store_failure: str


def question(route: Route, path: str, asker: Asker, ip: str, headers: Mapping[str, str]) -> Question:
    """Return the request that `asker` might make from `ip`."""
    return Question(route.id, path, asker, {**headers, CLIENT_IP: ip})


def explain(route: Route, policy: tuple[PolicyLimit, ...], asked: Question) -> list[Applied]:
    """Return the limits of `route` as they apply to a request; `policy` are the same limits, compiled."""
    limits = plan_limits(policy)
    if limits is None:
        return []
    found = zip(route.limits, limits.plans, strict=True)
    return [_applied(limit, plan.choose(asked), plan.everybody.value_of(asked)) for limit, plan in found]


def _applied(limit: Limit, choice: int, value: str) -> Applied:
    tier = limit.tiers[choice] if choice not in {EVERYBODY, EXEMPT} else None
    rule = tier.rule if tier else limit.rule
    return Applied(
        name=limit.name,
        label=limit.label,
        algorithm=rule.algorithm,
        rate=tier.text if tier else limit.text,
        burst=rule.burst,
        group=tier.group if tier else "",
        exempt=choice == EXEMPT,
        counts=f"{'+'.join(limit.key)} {value}",
        policy=limit.policy,
        shadow=limit.shadow,
        on_store_failure=limit.on_store_failure,
    )
