"""What would break if a service gave up a field, before it does."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from colonnade.contracts.breaches import breaches
from colonnade.contracts.calls import Call
from colonnade.contracts.check import all_calls, contracts_of
from colonnade.contracts.openapi import Contract, contract_of
from colonnade.contracts.views import View, views_of
from colonnade.errors import UserError, nearest
from colonnade.ir.platform import Platform

Schemas = Mapping[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Broken:
    """A call that would break, where in the answer, and the views that it would take along."""

    bff: str
    owner: str
    call: str
    file: str
    line: int
    field: str
    views: tuple[str, ...]


def impact(root: Path, platform: Platform, service: str, field: str) -> list[Broken]:
    """Return the calls that break without a `field` of `service`: `Order.total`, or `total` of any schema.

    Raises `UserError` where there is no such service, contract or field.
    """
    contracts = contracts_of(root, platform)
    if service not in contracts:
        known = ", ".join(sorted(contracts)) or "none"
        raise UserError(f"there is no contract of a service {service}", f"contracts: {known}")
    reduced = without(contracts[service], field)
    calls = [call for call in all_calls(root, platform) if call.service == service]
    views = {bff.name: views_of(root, bff) for bff in platform.bffs}
    return [
        _broken(call, where, root, views[call.bff.name])
        for call in calls
        for where in _lost(call, contracts[service], reduced)
    ]


def without(contract: Contract, field: str) -> Contract:
    """Return the contract as if the field had never been. Raises `UserError` where it is not in it."""
    document = copy.deepcopy(dict(contract.document))
    schemas: Schemas = document.get("components", {}).get("schemas", {})
    owner, _, name = field.rpartition(".")
    holders = [schemas[owner]] if owner in schemas else [] if owner else list(schemas.values())
    holding = [one for one in holders if name in one.get("properties", {})]
    if not holding:
        raise UserError(f"{contract.file}: no field {field}", nearest(field, _fields(schemas)))
    for schema in holding:
        del schema["properties"][name]
        schema["required"] = [one for one in schema.get("required", ()) if one != name]
    return contract_of(contract.file, document)


def _fields(schemas: Schemas) -> dict[str, None]:
    return {
        f"{name}.{field}": None for name, schema in schemas.items() for field in schema.get("properties", ())
    }


def _lost(call: Call, before: Contract, after: Contract) -> Iterator[str]:
    known = set(breaches(call, before))
    yield from (found.where for found in breaches(call, after) if found not in known)


def _broken(call: Call, where: str, root: Path, views: Sequence[View]) -> Broken:
    return Broken(
        bff=call.bff.name,
        owner=call.bff.owner,
        call=call.name,
        file=str(call.file.relative_to(root)) if call.file.is_relative_to(root) else str(call.file),
        line=call.line,
        field=where,
        views=tuple(
            f"{view.method} {view.path}" for view in views if (call.module, call.name) in view.reaches
        ),
    )
