"""A view's cost beside its budget."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from colonnade.budgets.spent import Spent
from colonnade.contracts.calls import Call
from colonnade.contracts.check import all_calls, contracts_of
from colonnade.contracts.openapi import Contract
from colonnade.contracts.schema import Type
from colonnade.contracts.views import views_of
from colonnade.ir.platform import Budget, Platform


@dataclass(frozen=True, slots=True)
class ViewCost:
    """What an answer of a view costs: means, and the most of any. Bytes, and `p95_s` in seconds.

    Of the fields that the services offer to its calls, `fields_read` are decoded, `fields_offered` are sent.
    `over` names what exceeds the budget.
    """

    bff: str
    owner: str
    view: str
    answers: int
    received: float
    sent: float
    most_sent: int
    calls: float
    most_calls: int
    p95_s: float
    fields_read: int
    fields_offered: int
    over: tuple[str, ...]

    @property
    def ratio(self) -> float:
        """How many bytes are read of services for each that is sent."""
        return self.received / self.sent if self.sent else 0.0


Fields = Mapping[tuple[str, str], tuple[int, int]]
"""BFF and view → fields read, and fields offered."""


def costs(platform: Platform, spent: Mapping[str, Mapping[str, Spent]], fields: Fields) -> Iterator[ViewCost]:
    """Yield the cost of each view that has answered; `spent` is by BFF and view."""
    for bff in platform.bffs:
        for view, one in sorted(spent.get(bff.name, {}).items()):
            read, offered = fields.get((bff.name, view), (0, 0))
            yield ViewCost(
                bff=bff.name,
                owner=bff.owner,
                view=view,
                answers=one.answers,
                received=one.mean("received_bytes"),
                sent=one.mean("sent_bytes"),
                most_sent=one.most("sent_bytes"),
                calls=one.mean("upstream_calls"),
                most_calls=one.most("upstream_calls"),
                p95_s=one.p95_s,
                fields_read=read,
                fields_offered=offered,
                over=tuple(_over(one, bff.budget_of(view))),
            )


def _over(spent: Spent, budget: Budget) -> Iterator[str]:
    bounds = (
        ("bytes", spent.most("sent_bytes"), budget.bytes),
        ("upstream_calls", spent.most("upstream_calls"), budget.calls),
        ("p95", spent.p95_s, budget.p95_s),
    )
    yield from (name for name, value, bound in bounds if bound is not None and value > bound)


def fields_of(root: Path, platform: Platform) -> Fields:
    """Return how many fields each view's calls read, of how many the services offer."""
    contracts = contracts_of(root, platform)
    calls = {
        (call.module, call.name): call for call in all_calls(root, platform) if call.service in contracts
    }
    found = {}
    for bff in platform.bffs:
        for view in views_of(root, bff):
            used = [_counted(calls[one], contracts) for one in view.reaches if one in calls]
            found[bff.name, f"{view.method} {view.path}"] = (sum(r for r, _ in used), sum(o for _, o in used))
    return found


def _counted(call: Call, contracts: Mapping[str, Contract]) -> tuple[int, int]:
    operation = contracts[call.service].find(call.method, call.path)
    offered = _leaves(operation.gives) if operation and operation.gives else 0
    return _leaves(call.read), offered


def _leaves(kind: Type, above: tuple[int, ...] = ()) -> int:
    """The fields of a type that hold a value themselves."""
    found = kind.resolved
    if id(found.schema) in above:
        return 0
    above = (*above, id(found.schema))
    if len(found.alternatives) > 1:
        return max(_leaves(one, above) for one in found.alternatives)
    if found.kind == "array":
        return _leaves(found.of(found.schema.get("items", {})), above)
    inner = [*found.fields.values(), *([found.others] if found.others else [])]
    return sum(_leaves(found.of(one), above) for one in inner) if inner else 1
