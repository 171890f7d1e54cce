"""A policy service with more to decide than it can refuses what matters less."""

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import httpx
import pytest

from colonnade_edge.backlog import lasting
from colonnade_edge_tests.documents import document, limit, publish
from colonnade_edge_tests.processes import Valkey, serving
from colonnade_policy import Route

PLENTY = limit("graph.plenty", rate=1_000_000, burst=1_000_000)
"""A query is read for the limit it counts against, and only then."""
ROUTES = {
    "telemetry": Route("iot", "none", criticality="sheddable"),
    "home": Route("web", "none"),
    "checkout": Route("web", "none", criticality="critical"),
    "graph": Route("web", "none", limits=(PLENTY,), cost=None, criticality="critical"),
}
FIELDS, QUERIES = " ".join(f"f{number}" for number in range(1_500)), 4
"""Takes the better part of a tenth of a second to read, and next to nothing to write."""
PATIENCE_S = 60.0
_numbers = count()


@pytest.fixture
async def envoy(tmp_path: Path, store: Valkey) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a policy service of its own, that talks to it as Envoy does."""
    publish(tmp_path / "policy.json", document(routes=ROUTES))
    settings = {"POLICY_FILE": str(tmp_path / "policy.json"), "STORE_URL": store.url}
    with serving("colonnade_edge", tmp_path, settings) as service:
        anything = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=service.url, timeout=60, limits=anything) as client:
            yield client


async def ask(envoy: httpx.AsyncClient, route: str) -> httpx.Response:
    return await envoy.get("/check/x", headers={"x-colonnade-route": route})


def queries() -> str:
    """A batch of queries that were never seen before."""
    return json.dumps([{"query": f"{{ {FIELDS} n{next(_numbers)} }}"} for _ in range(QUERIES)])


async def burden(envoy: httpx.AsyncClient) -> None:
    while True:
        answer = await envoy.post("/check/x", content=queries(), headers={"x-colonnade-route": "graph"})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("delays", "told"),
    [
        ([0.3, 0.4, 0.3, 0.5], 0.4),
        ([0.0, 0.0, 0.9, 0.0], 0.0),
        ([0.0, 0.3, 0.0, 0.3], 0.3),
        ([0.3, 0.0, 0.0, 0.3], 0.0),
    ],
    ids=["always", "for a moment", "with a rest between", "twice"],
)
def test_what_counts_is_a_delay_that_lasts(delays: list[float], told: float) -> None:
    assert lasting(delays) == told


async def test_telemetry_is_refused_while_checkout_is_decided(envoy: httpx.AsyncClient) -> None:
    burdens: list[asyncio.Task[None]] = []
    async with asyncio.timeout(PATIENCE_S):
        while (refusal := await ask(envoy, "telemetry")).status_code != 503:
            # How many it takes depends on the machine.
            burdens.append(asyncio.create_task(burden(envoy)))
            assert (await ask(envoy, "checkout")).status_code == 200
    for task in burdens:
        task.cancel()
    await asyncio.gather(*burdens, return_exceptions=True)

    assert refusal.json()["type"] == "urn:colonnade:problem:overloaded"
    assert refusal.headers["retry-after"] == "1"
    async with asyncio.timeout(PATIENCE_S):
        while {(await ask(envoy, route)).status_code for route in ROUTES} != {200}:
            pass
    counted = (await envoy.get("/metrics")).text
    assert 'colonnade_decisions_total{route="telemetry",outcome="overloaded"}' in counted
    assert 'colonnade_decisions_total{route="checkout",outcome="overloaded"}' not in counted
