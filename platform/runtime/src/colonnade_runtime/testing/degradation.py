"""Holds a view to its declared degradation, under every combination of failing calls."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import msgspec
from colonnade_runtime.encodings import JSON
from colonnade_runtime.endpoint import Endpoint
from colonnade_runtime.errors import UpstreamTimeout
from colonnade_runtime.testing.client import AppClient, Response
from colonnade_runtime.testing.fakes import FakeUpstreams
from colonnade_runtime.upstream import Ask, Call, Reply

WELL = "well"
FAILURES = ("timeout", "503", "malformed")
"""The last one is none where nothing is read."""
PROBLEMS = frozenset({502, 503, 504})
FAILED = frozenset({"UPSTREAM_FAILED", "UPSTREAM_TIMEOUT"})
"""The codes of GraphQL errors that a service's failure makes."""
OK = 200
NOTHING: Mapping[str, Endpoint[..., Any]] = {}
Combination = Mapping[Ask, str]
Hold = Callable[[Response, Combination], None]


async def check_degradation(
    client: AppClient,
    url: str,
    /,
    *,
    method: str = "GET",
    json: object = None,
    **optional: Endpoint[..., Any],
) -> int:
    """Make a request with every combination of its calls failing: late, 503, malformed.

    Name the parts that the answer can do without, each with the call that brings it: `orders=orders_of`.
    All other calls are required. Calls that are made only because another failed are combined too.
    Returns how many combinations there were. Raises `AssertionError`, which names the combination, where
    the answer is an error although only optional calls failed, is none although a required one did, or
    names anything else than the parts whose calls were made and failed.
    """
    parts = {endpoint.ask: part for part, endpoint in optional.items()}
    body = None if json is None else msgspec.json.encode(json)

    def hold(answer: Response, fates: Combination) -> None:
        _check(answer, fates, parts)

    return await _try_all(client, method, url, body, hold)


async def check_graphql_degradation(
    client: AppClient,
    query: str,
    optional: Mapping[str, Endpoint[..., Any]] = NOTHING,
    *,
    variables: Mapping[str, object] | None = None,
    url: str = "/graphql",
) -> int:
    """Execute an operation with every combination of its calls failing, as `check_degradation` does.

    `optional` are the fields that the answer can do without, each with the call that brings it:
    `{"me.orders.items.product": products_with}`; lists have no index. A field that is missing is null and has
    an error with its path and the code of a failed service, or stands in `extensions.degraded`. All other
    calls are required: where one fails, `data` is null. The status is 200 whatever fails.
    """
    parts = {endpoint.ask: part for part, endpoint in optional.items()}
    body = msgspec.json.encode({"query": query, "variables": variables or {}})

    def hold(answer: Response, fates: Combination) -> None:
        _check_graphql(answer, fates, parts)

    return await _try_all(client, "POST", url, body, hold)


async def _try_all(
    client: AppClient,
    method: str,
    url: str,
    body: bytes | None,
    hold: Callable[[Response, Combination], None],
) -> int:
    """Hold the answers to all combinations; begin anew when they have led to calls not known before."""
    known: list[Ask] = []
    tried = 0
    while True:
        found: set[Ask] = set()
        for combination in _combinations(known):
            upstreams = Failing(client.upstreams.answers, failing=combination)
            answer = await AppClient(client.app, upstreams, client.headers).request(method, url, body)
            made = {call.ask for call in upstreams.calls}
            hold(answer, {ask: combination.get(ask, WELL) for ask in made})
            found |= made
            tried += 1
        if found <= set(known):
            return tried
        known += sorted(found - set(known), key=_name)
        tried = 0


@dataclass
class Failing(FakeUpstreams):
    """Services of which some calls fail, whatever their answer would be."""

    failing: Combination = field(default_factory=dict)

    async def send(self, call: Call) -> Reply:
        """Answer as `failing` says, or as given."""
        match self.failing.get(call.ask, WELL):
            case "timeout":
                self.calls.append(call)
                raise UpstreamTimeout(call.service, "as the test wants it")
            case "503":
                self.calls.append(call)
                return Reply(503, b"")
            case "malformed":
                self.calls.append(call)
                return Reply(200, b"<html>")
        return await super().send(call)


def _combinations(asks: list[Ask]) -> Iterator[Combination]:
    for fates in product(*map(_fates, asks)):
        yield dict(zip(asks, fates, strict=True))


def _fates(ask: Ask) -> Sequence[str]:
    return (WELL, *FAILURES) if ask.read else (WELL, *FAILURES[:-1])


def _check(answer: Response, fates: Combination, parts: Mapping[Ask, str]) -> None:
    """Hold one answer to the fates of the calls that were made for it."""
    failed, told = _failed(fates)
    if failed - parts.keys():
        assert answer.status in PROBLEMS, f"{told}: answered {answer.status}, a required call failed"
        return
    missing = sorted({parts[ask] for ask in failed})
    assert answer.status < 500, f"{told}: answered {answer.status}, only optional calls failed"  # noqa: PLR2004
    header = answer.headers.get("x-degraded")
    assert (header.split(", ") if header else []) == missing, f"{told}: X-Degraded is {header}"
    document = answer.json() if answer.headers["content-type"] == JSON else None
    if isinstance(document, dict) and "degraded" in document:
        assert document["degraded"] == missing, f"{told}: degraded is {document['degraded']}"


def _check_graphql(answer: Response, fates: Combination, parts: Mapping[Ask, str]) -> None:
    failed, told = _failed(fates)
    assert answer.status == OK, f"{told}: answered {answer.status}"
    document = answer.json()
    errors = document.get("errors", [])
    for error in errors:
        code = error["extensions"]["code"]
        assert failed, f"{told}: nothing failed, and an error says {error['message']}"
        assert code in FAILED, f"{told}: the code of an error is {code}"
    if failed - parts.keys():
        assert errors, f"{told}: no error says that a required call failed"
        assert document["data"] is None, f"{told}: there is data, a required call failed"
        return
    assert document["data"] is not None, f"{told}: there is no data, only optional calls failed"
    missing = {_field(error["path"]) for error in errors}
    missing |= set(document.get("extensions", {}).get("degraded", []))
    assert missing == {parts[ask] for ask in failed}, f"{told}: {sorted(missing)} is told to be missing"


def _field(path: list[str | int]) -> str:
    """Name the field of an error: its path without the places in lists."""
    return ".".join(one for one in path if isinstance(one, str))


def _failed(fates: Combination) -> tuple[set[Ask], str]:
    """The calls that failed, and what is told of all."""
    told = ", ".join(f"{_name(ask)} {fate}" for ask, fate in fates.items())
    return {ask for ask, fate in fates.items() if fate != WELL}, told


def _name(ask: Ask) -> str:
    return f"{ask.service} {ask.method} {ask.template}"
