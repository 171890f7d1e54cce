"""Configurations, processes and instances come and go under constant load, and no request is lost."""

import json
import os
import re
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from colonnade_bench.closed_loop import Ask, asking
from tests.platform_folder import Stack, bff, eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

PUBLISHES = 8
"""`bff bench change` does a hundred."""

CALLERS = 3
PAUSE_S = 0.02


@pytest.fixture(scope="module")
def plenty(stack: Stack) -> Iterator[Stack]:
    """The stack with two instances of mobile, and limits that nobody meets."""
    files = [stack.folder / f"bffs/{name}/bff.yaml" for name in ("iot", "mobile")]
    texts = [file.read_text(encoding="utf-8") for file in files]
    for file, text in zip(files, texts, strict=True):
        before = state(stack)["version"]
        edited = re.sub(r"rate: \d+/minute", "rate: 1000/second", re.sub(r"burst: \d+", "burst: 1000", text))
        file.write_text(f"{edited}replicas: {1 + (file == files[-1])}\n", encoding="utf-8")
        eventually(lambda: state(stack)["version"] != before, within=60)  # noqa: B023 - called before it changes
    yield stack
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, encoding="utf-8")
    eventually(lambda: "mobile-2" not in state(stack)["processes"], within=60)


@pytest.fixture
def asks(plenty: Stack, mobile_token: str, device_key: str) -> list[Ask]:
    """What a view, an exact limit and a key in the store have to answer."""
    person = {"Authorization": f"Bearer {mobile_token}"}
    return [
        Ask("/api/mobile/home", person),
        Ask("/api/mobile/products?limit=3", person),
        Ask("/api/iot/config", {"X-API-Key": device_key}),
    ]


def state(stack: Stack) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((stack.folder / ".colonnade/state.json").read_bytes())
    return told


def publish(stack: Stack) -> None:
    """Save a manifest that routes otherwise than before, and wait for it."""
    before, file = state(stack)["version"], stack.folder / "bffs/mobile/bff.yaml"
    text = file.read_text(encoding="utf-8")
    reads = ("read: 15s", "read: 14s")
    now, then = reads if reads[0] in text else reads[::-1]
    file.write_text(text.replace(now, then), encoding="utf-8")
    eventually(lambda: state(stack)["version"] != before, within=60)


def test_publishes_lose_no_request_and_each_is_a_version(plenty: Stack, asks: list[Ask]) -> None:
    first = state(plenty)["version"]

    with asking(plenty.edge, asks, CALLERS, PAUSE_S) as heard:
        for _ in range(PUBLISHES):
            publish(plenty)

    history = json.loads(bff(plenty.folder, "config", "history", "--json").stdout)
    assert history["current"] == first + PUBLISHES
    assert "-  timeouts: {connect: 3s, send: 5s, read: 15s}" in diff(plenty, first, first + 1)
    assert (heard.lost, heard.other_than(200)) == ([], {})
    assert heard.requests > PUBLISHES


def test_a_publish_by_canary_loses_no_request_whatever_becomes_of_it(plenty: Stack, asks: list[Ask]) -> None:
    """The first edge has routes of its own meanwhile, and policy services know them to the last request."""
    manifest = plenty.folder / "colonnade.yaml"
    text = manifest.read_text(encoding="utf-8")
    before = state(plenty)["version"]
    tried = text.replace("edge:\n", "edge:\n  rollout: {window: 2s, min_requests: 1, max_errors: 50%}\n")
    manifest.write_text(tried, encoding="utf-8")
    eventually(lambda: state(plenty)["version"] != before, within=60)
    try:
        with asking(plenty.edge, asks, CALLERS, PAUSE_S) as heard:
            publish(plenty)
            outcomes = [history(plenty)[0]["outcome"]]
            withdraw(plenty, tried)
            outcomes.append(history(plenty)[0]["outcome"])
    finally:
        before = state(plenty)["version"]
        manifest.write_text(text, encoding="utf-8")
        eventually(lambda: state(plenty)["version"] != before, within=60)

    assert outcomes == ["published", "withdrawn"]
    assert (heard.lost, heard.other_than(200)) == ([], {})


def withdraw(stack: Stack, manifest: str) -> None:
    """Save a manifest that is tried for long, and end the trial."""
    file = stack.folder / "colonnade.yaml"
    file.write_text(manifest.replace("window: 2s", "window: 5m"), encoding="utf-8")
    eventually(lambda: history(stack)[0]["outcome"] == "canary", within=60)
    eventually(lambda: any("one edge only" in one for one in state(stack)["problems"]))
    bff(stack.folder, "config", "rollback")
    eventually(lambda: history(stack)[0]["outcome"] == "withdrawn")


def history(stack: Stack) -> list[dict[str, Any]]:
    """The versions, the newest first."""
    told: list[dict[str, Any]] = json.loads(bff(stack.folder, "config", "history", "--json").stdout)["items"]
    return told


def diff(stack: Stack, before: int, after: int) -> str:
    return bff(stack.folder, "config", "diff", str(before), str(after)).stdout


def test_a_rolling_restart_loses_no_request(plenty: Stack, asks: list[Ask]) -> None:
    names = ["balancer", "envoy", "envoy-2", "policy", "mobile-2", "valkey"]
    before = {name: plenty.pid(name) for name in names}

    with asking(plenty.edge, asks, CALLERS, PAUSE_S) as heard:
        told = bff(
            plenty.folder, "restart", "policy", "mobile-2", "balancer", "valkey", "--json", timeout=100
        ).stdout

    assert sorted(json.loads(told)["restarted"]) == sorted(names)
    assert not before.items() & {name: plenty.pid(name) for name in names}.items()
    assert (heard.lost, heard.other_than(200)) == ([], {})


@pytest.mark.parametrize("name", ["policy-2", "envoy-2"])
def test_the_death_of_one_of_several_loses_no_request(plenty: Stack, asks: list[Ask], name: str) -> None:
    """What an edge had under way when it died is cut, at most one for each caller, and sent again.

    For BFFs and services see `test_instances`.
    """
    pid = plenty.pid(name)

    with asking(plenty.edge, asks, CALLERS, PAUSE_S, again=True) as heard:
        eventually(lambda: heard.requests > CALLERS)
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: state(plenty)["processes"][name]["pid"] not in {None, pid}, within=30)
        eventually(lambda: state(plenty)["processes"][name]["state"] == "healthy", within=30)

    assert heard.lost == []
    # With both processors busy, a view may miss a service's connection by itself: a 503 with nobody dead.
    assert sum(heard.other_than(200).values()) <= 1
    assert len(heard.cut) <= (CALLERS if name == "envoy-2" else 0)


def test_the_admin_api_goes_back_and_forth(plenty: Stack) -> None:
    token = (plenty.folder / ".colonnade/secrets/admin-token").read_text(encoding="utf-8").strip()
    publish(plenty)
    with httpx.Client(
        base_url=f"{state(plenty)['console']}/admin/config/",
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    ) as api:
        listed = api.get("versions").json()
        current = listed["current"]
        back = api.post("rollback", json={}).raise_for_status().json()
        shown = api.get(f"versions/{current + 1}").json()
        difference = api.get("diff", params={"before": current}).json()["diff"]
        told = state(plenty)["problems"]
        forth = api.post("publish", json={}).json()
        wrong = [api.get("versions/9999"), api.post("rollback", json={"number": 9999})]

    assert listed["items"][0]["number"] == current
    assert (back["new"], back["version"]["author"]) == (True, "admin")
    assert back["version"]["cause"] == shown["cause"] == f"rollback to {current - 1}"
    assert "timeouts" in difference
    assert "not the manifests on disk" in told[0]
    assert forth["version"]["number"] == current + 2
    assert state(plenty)["problems"] == []
    assert [answer.status_code for answer in wrong] == [404, 400]
