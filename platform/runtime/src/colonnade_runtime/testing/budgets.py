"""Holds every view to its budget: the bytes that it sends and the calls that it makes."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from colonnade_runtime.app import Route
from colonnade_runtime.cost import Spent
from colonnade_runtime.testing.client import AppClient

_SIZE = r"^\d+(B|KiB|MiB)$"
_UNITS = {"B": 1, "KiB": 1024, "MiB": 1024 * 1024}
GOOD = range(200, 300)

Size = Annotated[str, msgspec.Meta(pattern=_SIZE)]


class Budget(msgspec.Struct, frozen=True):
    """What an answer may cost; None where that is not bounded. How long it takes is no matter of a test."""

    bytes: Size | None = None
    upstream_calls: int | None = None


class Budgets(Budget, frozen=True):
    """The budget of every view, and those of views of their own, such as `GET /home`."""

    views: Mapping[str, Budget] = {}


class Manifest(msgspec.Struct, frozen=True):
    """What is read of a bff.yaml."""

    budgets: Budgets = Budgets()


async def check_budgets(client: AppClient, bff_yaml: Path, requests: Mapping[str, object]) -> None:
    """Make `requests`, and hold the dearest answer of each view to the budget in `bff_yaml`.

    `requests` are by `"GET /orders?limit=100"`; the value is the JSON document that is sent, None for no
    body. Raises `AssertionError`, which names each view that costs more than it may, or was not asked for,
    and each that has a budget and is none.
    """
    budgets = _read(bff_yaml)
    client = AppClient(client.app, client.upstreams, client.headers)
    for request, document in requests.items():
        method, _, url = request.partition(" ")
        body = None if document is None else msgspec.json.encode(document)
        answer = await client.request(method, url, body)
        assert answer.status in GOOD, f"{request}: answered {answer.status}"
        assert "x-degraded" not in answer.headers, f"{request}: {answer.headers['x-degraded']} is missing"
    spent = client.spent
    told = [line for route in client.app.router for line in _over(route, spent.get(route), budgets)]
    views = {f"{route.method} {route.path}" for route in client.app.router}
    told += [
        f"{view}: bff.yaml has a budget for it, and there is no such view"
        for view in budgets.views
        if view not in views
    ]
    assert not told, "\n".join(told)


def _read(bff_yaml: Path) -> Budgets:
    return msgspec.yaml.decode(bff_yaml.read_bytes(), type=Manifest).budgets


def _over(route: Route, spent: Spent | None, budgets: Budgets) -> Iterator[str]:
    view = f"{route.method} {route.path}"
    if spent is None:
        yield f"{view}: no request asks for it"
        return
    budget = budgets.views.get(view, budgets)
    if budget.bytes is not None and spent.most_sent > _bytes(budget.bytes):
        yield f"{view}: {spent.most_sent} bytes, and bff.yaml allows {budget.bytes}"
    if budget.upstream_calls is not None and spent.most_calls > budget.upstream_calls:
        yield f"{view}: {spent.most_calls} upstream calls, and bff.yaml allows {budget.upstream_calls}"


def _bytes(size: Size) -> int:
    number, unit = re.findall(r"\d+|\D+", size)
    return int(number) * _UNITS[unit]
