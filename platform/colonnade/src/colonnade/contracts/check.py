"""Every call of every BFF, held against the contract of its service."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from colonnade.contracts.breaches import breaches, unreachable
from colonnade.contracts.calls import Call, calls_of
from colonnade.contracts.openapi import Contract, read_contract
from colonnade.contracts.schema import Mismatch
from colonnade.errors import Problem
from colonnade.ir.platform import Platform, Service

DEFAULT = "openapi.json"


@dataclass(frozen=True, slots=True)
class Checked:
    """What was held against contracts, and what of it does not fit. Services without one are `unknown`."""

    calls: int
    unknown: tuple[str, ...]
    problems: tuple[Problem, ...]


def check_contracts(root: Path, platform: Platform) -> Checked:
    """Hold the calls of all BFFs against the contracts of their services; nothing is started.

    Raises `WorkError` where a BFF cannot be imported, `UserError` where a contract is none.
    """
    contracts = contracts_of(root, platform)
    calls = all_calls(root, platform)
    services = {service.name: None for service in platform.services}
    known = [call for call in calls if call.service in contracts]
    unknown = sorted({call.service for call in calls} & set(services) - set(contracts))
    problems = [problem_of(call, found) for call in calls for found in unreachable(call, services)]
    problems += [
        problem_of(call, found) for call in known for found in breaches(call, contracts[call.service])
    ]
    return Checked(len(known), tuple(unknown), tuple(problem.seen_from(root) for problem in problems))


def contracts_of(root: Path, platform: Platform) -> Mapping[str, Contract]:
    """Return the contract of each service that has one."""
    files = {service.name: _file(root, service) for service in platform.services}
    return {name: read_contract(file) for name, file in files.items() if file is not None}


def all_calls(root: Path, platform: Platform) -> list[Call]:
    """Return the declared calls of every BFF."""
    return [call for bff in platform.bffs for call in calls_of(root, bff)]


def _file(root: Path, service: Service) -> Path | None:
    """A contract that the manifest names must be there; one that merely lies with its service may be."""
    if service.openapi:
        return root / service.openapi
    found = root / service.path / DEFAULT if service.path else None
    return found if found is not None and found.exists() else None


def problem_of(call: Call, found: Mismatch) -> Problem:
    """Return what is wrong with a call, at the place where it is written."""
    what = f"{call.name}: {found.where}" if found.where else call.name
    return Problem(call.file, call.line, 1, what, found.message, found.hint)
