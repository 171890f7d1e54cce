"""A real Prometheus watches the whole platform: every part answers, and every expression finds its series."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import yaml

from tests.platform_folder import ROOT, Stack, eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

GENERATED = ROOT / "deploy/observability"
WORDS = {"sum", "rate", "increase", "min", "max", "vector", "topk", "histogram_quantile"}
WORDS |= {"or", "and", "unless", "on", "offset"}
ON_DEMAND = {"up", "envoy_breaker_events"}
"""Prometheus' own, and one that is not there before a breaker opens, which a test of the edge has seen."""


@dataclass(frozen=True)
class Prometheus:
    """A running server."""

    url: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": expression}).json()
        assert "success" == answer["status"], answer
        return list(answer["data"]["result"])

    def alerts(self) -> set[tuple[str, str]]:
        """The alerts that wait or fire, with the part that is concerned."""
        found = httpx.get(f"{self.url}/api/v1/alerts").json()["data"]["alerts"]
        return {(one["labels"]["alertname"], one["labels"].get("part", "")) for one in found}


@pytest.fixture(scope="module")
def prometheus(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Prometheus with the configuration of the running stack, but for its patience."""
    binary = shutil.which("prometheus")
    if binary is None:
        pytest.fail("prometheus is needed on PATH (Debian: apt install prometheus)")
    folder = tmp_path_factory.mktemp("prometheus")
    written = stack.folder / ".colonnade/run/prometheus"
    shutil.copy(written / "alerts.yml", folder)
    text = (written / "prometheus.yml").read_text(encoding="utf-8")
    (folder / "prometheus.yml").write_text(text.replace("15s", "1s"), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    argv = [binary, "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=error"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*argv, f"--web.listen-address={address}"], cwd=folder, stderr=log)
    try:
        server = Prometheus(f"http://{address}")
        eventually(lambda: _ready(server), within=30)
        yield server
    finally:
        process.terminate()
        process.wait(20)


def _ready(server: Prometheus) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{server.url}/-/ready").status_code == 200
    return False


def test_every_part_is_there(stack: Stack, prometheus: Prometheus) -> None:
    parts = {"envoy", "envoy-2", "policy", "policy-2", "web", "mobile", "iot", "console"}

    eventually(lambda: parts == {one["metric"]["part"] for one in prometheus.query("up == 1")}, within=20)


def test_every_series_of_rules_and_dashboard_is_one_that_is_counted(
    stack: Stack, mobile: httpx.Client, iot: httpx.Client, web: httpx.Client
) -> None:
    assert 401 == httpx.get(f"{stack.edge}/api/mobile/home").status_code
    for client, path in ((mobile, "/api/mobile/home"), (iot, "/api/iot/config"), (web, "/api/web/home")):
        assert client.get(path).status_code in {200, 429}
    # The admin's page also has the series that have counted nothing so far; the others' say their types.
    pages = [*stack.state["metrics"].values(), f"{_admin(stack)}/stats/prometheus"]
    texts = [httpx.get(page).text for page in pages]
    counted = {name for text in texts for name in re.findall(r"^(?:# TYPE )?(\w+)[{ ]", text, re.MULTILINE)}
    used = {name for expression in _expressions() for name in _names(expression)}

    assert len(used) > 20
    assert set() == used - counted - ON_DEMAND


def test_what_the_bffs_and_routes_do_is_found_by_their_names(
    stack: Stack, prometheus: Prometheus, mobile: httpx.Client
) -> None:
    mobile.get("/api/mobile/home")
    found = (
        'envoy_vhost_route_upstream_rq_xx{bff="mobile",route="mobile"}',
        'colonnade_requests_total{bff="mobile",view="/home"}',
        'colonnade_limit_requests_total{limit="mobile.per-consumer",outcome="allowed"}',
    )

    eventually(lambda: all(prometheus.query(series) for series in found), within=20)


def test_an_edge_that_does_not_answer_is_an_alert(stack: Stack, prometheus: Prometheus) -> None:
    eventually(lambda: prometheus.query('up{part="envoy-2"} == 1'), within=20)
    edge = stack.pid("envoy-2")
    os.kill(edge, signal.SIGSTOP)
    try:
        eventually(lambda: ("EdgeDown", "envoy-2") in prometheus.alerts(), within=20)
    finally:
        with suppress(ProcessLookupError):
            os.kill(edge, signal.SIGCONT)


def _admin(stack: Stack) -> str:
    file = stack.folder / ".colonnade/run/edge-1/envoy.json"
    address = json.loads(file.read_text(encoding="utf-8"))["admin"]["address"]["socket_address"]
    return f"http://{address['address']}:{address['port_value']}"


def _expressions() -> Iterator[str]:
    for group in yaml.safe_load((GENERATED / "alerts.yml").read_text(encoding="utf-8"))["groups"]:
        yield from (rule["expr"] for rule in group["rules"])
    for panel in json.loads((GENERATED / "dashboard.json").read_text(encoding="utf-8"))["panels"]:
        yield from (target["expr"] for target in panel.get("targets", []))


def _names(expression: str) -> set[str]:
    """The names of metrics in an expression: what is left without labels, windows and PromQL's own words."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|(by|on) \([^)]*\)", "", expression)
    return set(re.findall(r"[a-z_][a-z_0-9]+", bare)) - WORDS
