"""The limits of a route, with all that can be worked out before a request comes.

A key of the store is `colonnade:limit:{<set>:<value>}:<label>:<period>:<algorithm>[:<group>]` where all
limits of a route count the same thing apart, and `colonnade:limit:{<set>}:…:<value>` where they differ. What
is in braces chooses the node of a cluster: the limits of one decision lie on one, so that they can be taken
from all or none. Period and algorithm are in the key because a state means nothing without them.
"""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import msgspec

from colonnade_policy.counted import CLIENT_IP, Asking, ValueOf, value_of
from colonnade_policy.document import Limit, LimitPolicy, StoreFailure
from colonnade_policy.limits import Rule

PREFIX = "colonnade:limit:"
EVERYBODY, EXEMPT = -1, -2


class CountedLimit(msgspec.Struct, frozen=True):
    """A limit as it applies to one group of consumers."""

    name: str
    label: str
    quoted: str
    quota: str
    rule: Rule
    shadow: bool
    on_store_failure: StoreFailure
    value_of: ValueOf
    head: str
    tail: str
    tagged: bool

    def key_of(self, call: Asking) -> str:
        """Return the store's key of the state that a call meets."""
        value = self.value_of(call)
        return f"{self.head}{value}{self.tail}" if self.tagged else f"{self.head}{self.tail}:{value}"


class Selection(msgspec.Struct, frozen=True):
    """The limits that one request meets, and their constant parts: the script's argument, the header.

    `policy_field` lists those that can refuse.
    """

    limits: tuple[CountedLimit, ...]
    packed: bytes
    policy_field: str


class LimitPlan(msgspec.Struct, frozen=True):
    """One limit of the document: what it is for everybody and for each tier, and who is exempt."""

    everybody: CountedLimit
    tiers: tuple[tuple[str, CountedLimit], ...]
    exempt_groups: frozenset[str]
    exempt_consumers: frozenset[str]
    exempt_networks: tuple[IPv4Network | IPv6Network, ...]

    @property
    def personal(self) -> bool:
        """Whether it depends on who is asking."""
        exempt = self.exempt_groups or self.exempt_consumers or self.exempt_networks
        return bool(self.tiers or exempt)

    def choose(self, call: Asking) -> int:
        """Return the number of the tier that a call belongs to, `EVERYBODY` or `EXEMPT`."""
        identity = call.identity
        if identity.consumer in self.exempt_consumers or identity.groups & self.exempt_groups:
            return EXEMPT
        if self.exempt_networks and self._from_exempt_network(call.header(CLIENT_IP)):
            return EXEMPT
        groups = identity.groups
        return next((index for index, (group, _) in enumerate(self.tiers) if group in groups), EVERYBODY)

    def _from_exempt_network(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self.exempt_networks)


class LimitSet(msgspec.Struct, frozen=True):
    """All limits of a route; one `policy` says who counts them."""

    policy: LimitPolicy
    plans: tuple[LimitPlan, ...]
    everybody: Selection | None
    chosen: dict[tuple[int, ...], Selection]

    def select(self, call: Asking) -> Selection:
        """Return the limits that a call meets; its identity must be known."""
        if self.everybody is not None:
            return self.everybody
        choice = tuple(plan.choose(call) for plan in self.plans)
        found = self.chosen.get(choice)
        if found is None:
            found = self.chosen[choice] = _selection(_limits(self.plans, choice))
        return found


def plan_limits(limits: Sequence[Limit]) -> LimitSet | None:
    """Return the plan of a route's limits, None where there are none.

    Raises `ValueError` where a number is out of range, a label cannot stand in a header, a key is unknown,
    or the limits are to be counted in different places.
    """
    if not limits:
        return None
    if len({limit.policy for limit in limits}) > 1:
        raise ValueError(f"limit {limits[0].name!r}: the limits of one route need one policy")
    tagged = len({limit.key for limit in limits}) == 1
    plans = tuple(_plan(limit, tagged=tagged) for limit in limits)
    personal = any(plan.personal for plan in plans)
    everybody = None if personal else _selection([plan.everybody for plan in plans])
    return LimitSet(limits[0].policy, plans, everybody, {})


def _plan(limit: Limit, *, tagged: bool) -> LimitPlan:
    where = f"limit {limit.name!r}"
    if not limit.label.isascii() or not limit.label.isprintable() or set(limit.label) & {'"', "\\"}:
        raise ValueError(f"{where}: the label {limit.label!r} must be printable ASCII without quotes")
    exempt: dict[str, list[str]] = {"group": [], "consumer": [], "ip": []}
    for one in limit.exempt:
        kind, _, value = one.partition(":")
        if kind not in exempt:
            raise ValueError(f"{where}: nobody can be exempt as {one!r}")
        exempt[kind].append(value)
    return LimitPlan(
        everybody=_counted(limit, limit.rule, "", tagged=tagged),
        tiers=tuple(
            (tier.group, _counted(limit, tier.rule, tier.group, tagged=tagged)) for tier in limit.tiers
        ),
        exempt_groups=frozenset(exempt["group"]),
        exempt_consumers=frozenset(exempt["consumer"]),
        exempt_networks=tuple(ip_network(value, strict=False) for value in exempt["ip"]),
    )


def _counted(limit: Limit, rule: Rule, group: str, *, tagged: bool) -> CountedLimit:
    try:
        rule.check()
    except ValueError as error:
        raise ValueError(f"limit {limit.name!r}: {error}") from None
    owner = limit.name.removesuffix(f".{limit.label}")
    tail = f":{limit.label}:{rule.period_us}:{rule.algorithm}{f':{group}' if group else ''}"
    return CountedLimit(
        name=limit.name,
        label=limit.label,
        quoted=f'"{limit.label}"',
        quota=str(rule.quota),
        rule=rule,
        shadow=limit.shadow,
        on_store_failure=limit.on_store_failure,
        value_of=value_of(limit.key, limit.name),
        head=f"{PREFIX}{{{owner}:" if tagged else f"{PREFIX}{{{owner}}}",
        tail=f"}}{tail}" if tagged else tail,
        tagged=tagged,
    )


def _limits(plans: Sequence[LimitPlan], choice: Sequence[int]) -> list[CountedLimit]:
    return [
        plan.everybody if number == EVERYBODY else plan.tiers[number][1]
        for plan, number in zip(plans, choice, strict=True)
        if number != EXEMPT
    ]


def _selection(limits: Sequence[CountedLimit]) -> Selection:
    return Selection(
        limits=tuple(limits),
        packed=b"".join(limit.rule.packed(shadow=limit.shadow) for limit in limits),
        policy_field=", ".join(
            f"{limit.quoted};q={limit.quota};w={limit.rule.window_s}" for limit in limits if not limit.shadow
        ),
    )
