"""`bff budget`: what the demonstration BFFs cost with the seeded services; they keep their budgets."""

import json

import httpx
import pytest

from tests.platform_folder import ROOT, Stack, bff

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]


def test_each_view_keeps_its_budget(
    stack: Stack, mobile: httpx.Client, web: httpx.Client, iot: httpx.Client
) -> None:
    query = {"query": "{ me { orders(first: 10) { id items { product { name } } } } }"}
    reading = {"seq": 4_007, "at": "2026-01-01T00:00:00Z", "metric": "t", "value": 1}
    answers = [
        mobile.get("/api/mobile/home"),
        mobile.get("/api/mobile/orders"),
        mobile.get("/api/mobile/products"),
        web.get("/api/web/home"),
        web.post("/api/web/graphql", json=query),
        iot.get("/api/iot/config"),
        iot.post("/api/iot/telemetry", json=reading),
    ]
    assert all(answer.is_success for answer in answers)

    done = bff(stack.folder, "budget", "--json")
    found = {(one["bff"], one["view"]): one for one in json.loads(done.stdout)["items"]}

    home = found["mobile", "GET /home"]
    assert {"GET /home", "GET /orders", "GET /products"} <= {view for name, view in found if name == "mobile"}
    assert home["most_calls"] == 4
    assert home["most_sent"] < 1024
    assert home["ratio"] > 10
    assert 0 < home["fields_read"] < home["fields_offered"]
    # How long an answer takes is the machine's business here.
    assert [] == [one for one in found.values() if set(one["over"]) - {"p95"}]


def test_what_bffs_are_tested_with_is_what_the_seeded_services_answer(stack: Stack) -> None:
    """Recorded answers that are true no more: record them again, as docs/bff.md says."""
    urls = {name: one["url"] for name, one in stack.processes().items()}
    stale = []
    for file in sorted(ROOT.glob("bffs/*/tests/*/recorded.json")):
        for asked, recorded in json.loads(file.read_text(encoding="utf-8")).items():
            service, method, target = asked.split(" ")
            if method == "GET" and httpx.get(urls[service] + target).json() != recorded:
                stale.append(f"{file.relative_to(ROOT)}: {asked}")

    assert [] == stale
