"""What an edge counts, as Prometheus reads it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from colonnade.envoy.access_log import CANARY_FIELDS, FIELDS, GRPC_FIELDS
from colonnade_tests.envoy.edge import Edge, eventually, running

ROOT = Path(__file__).parents[5]
LIMIT = "{name: few, algorithm: token_bucket, rate: 3/hour, burst: 3, key: ip, policy: local}"
TV = f"""
kind: mobile
port: 3005
route: {{prefix: /api/tv, hosts: ["*", tv.example.com]}}
auth: {{type: none}}
routes:
  - {{name: orders, path: /orders, timeouts: {{read: 1s}}}}
  - {{name: few, path: /few, limits: [{LIMIT}]}}
"""
UNUSED = """
kind: mobile
port: 3006
route: {prefix: /api/unused}
auth: {type: none}
"""
ILL = """
kind: mobile
port: 3007
route: {prefix: /api/ill}
auth: {type: none}
breaker: {unhealthy: {statuses: [500]}, first_pause: 60s}
"""
MOST_BYTES_OF_A_ROUTE = 2500
"""Of one that is used: classes of statuses, a histogram of twelve buckets, and the total."""


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    bffs = {"tv": TV, "unused": UNUSED, "ill": ILL}
    with running(tmp_path_factory.mktemp("metrics"), bffs, policy_service=False) as running_edge:
        for _ in range(3):
            running_edge.get("/api/tv/home")
        running_edge.get("/api/tv/home", headers={"host": "tv.example.com"})
        assert 504 == running_edge.get("/api/tv/orders/hang").status_code
        assert [200, 200, 200, 429] == [running_edge.get("/api/tv/few").status_code for _ in range(4)]
        ill = [running_edge.get("/api/ill?status=500").status_code for _ in range(4)]
        assert [500, 500, 500, 503] == ill
        running_edge.get("/nowhere")
        # Durations are merged when somebody reads, for the next who does.
        eventually(lambda: "upstream_rq_time_count" in scraped(running_edge))
        yield running_edge


def scraped(edge: Edge) -> str:
    assert edge.target.metrics is not None
    return httpx.get(f"{edge.target.metrics.url}/metrics").raise_for_status().text


def told(edge: Edge) -> dict[str, float]:
    lines = (line.rsplit(" ", 1) for line in scraped(edge).splitlines() if line and line[0] != "#")
    return {series: float(value) for series, value in lines}


def test_requests_errors_and_durations_are_told_by_bff_and_route(edge: Edge) -> None:
    metrics = told(edge)

    answers, tv = "envoy_vhost_route_upstream_rq_xx", 'route="tv",bff="tv"'
    assert 3 == metrics[f'{answers}{{envoy_response_code_class="2",host="*",{tv}}}']
    assert 1 == metrics[f'{answers}{{envoy_response_code_class="2",host="tv.example.com",{tv}}}']
    assert 1 == metrics[f'{answers}{{envoy_response_code_class="5",host="*",route="tv.orders",bff="tv"}}']
    durations = "envoy_vhost_route_upstream_rq_time_bucket"
    assert 3 == metrics[f'{durations}{{host="*",{tv},le="2000"}}']
    assert 3 == metrics[f'envoy_vhost_route_upstream_rq_time_count{{host="*",{tv}}}']


def test_what_a_limit_refuses_is_told_by_its_name(edge: Edge) -> None:
    assert 1 == told(edge)['envoy_limit_http_local_rate_limit_rate_limited{limit="tv.few.few"}']


def test_all_answers_of_the_edge_are_told_by_class(edge: Edge) -> None:
    metrics = told(edge)

    answers = [value for name, value in metrics.items() if name.startswith("envoy_http_downstream_rq_xx{")]
    assert 14 == sum(answers)


def test_what_a_breaker_does_is_told_by_its_route(edge: Edge) -> None:
    events = {
        series: count for series, count in told(edge).items() if series.startswith("envoy_breaker_events{")
    }

    assert all('route="ill"' in series for series in events)
    assert {'event="opened"', 'event="refused"'} == {
        re.findall(r'event="\w+"', series)[0] for series in events
    }


def test_the_health_of_each_bff_is_told(edge: Edge) -> None:
    assert 1 == told(edge)['envoy_cluster_membership_healthy{envoy_cluster_name="unused"}']


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/stats",
        "/stats/prometheus",
        "/config_dump",
        "/clusters",
        "/quitquitquit",
        "/metrics/../config_dump",
    ],
)
def test_nothing_else_of_the_admin_is_shown(edge: Edge, path: str) -> None:
    assert edge.target.metrics is not None

    assert 404 == httpx.get(f"{edge.target.metrics.url}{path}").status_code
    assert 404 == httpx.post(f"{edge.target.metrics.url}{path}").status_code


def test_a_route_that_nobody_asks_for_costs_nothing_and_one_in_use_little(edge: Edge) -> None:
    lines = [line for line in scraped(edge).splitlines() if "_vhost_" in line and line[0] != "#"]
    routes = {re.sub(r'.*host="([^"]*)",route="([^"]*)".*', r"\1 \2", line) for line in lines}

    assert {"* tv", "tv.example.com tv", "* tv.orders", "* tv.few", "* ill"} == routes
    assert sum(map(len, lines)) < MOST_BYTES_OF_A_ROUTE * len(routes)


def test_the_access_log_says_who_answered_and_why(edge: Edge) -> None:
    def late() -> list[str]:
        return [line for line in edge.log.read_text(encoding="utf-8").splitlines() if '"tv.orders"' in line]

    eventually(late, within=15)
    line = json.loads(late()[0])

    assert (504, "UT", "tv.orders") == (line["status"], line["flags"], line["route"])
    assert line["details"] == "response_timeout"
    assert line["duration_ms"] >= 999  # Envoy cuts off what is less than a millisecond


def test_every_field_of_the_access_log_is_documented() -> None:
    page = (ROOT / "docs/observability/README.md").read_text(encoding="utf-8")
    table = page.partition("## Access log")[2]

    assert {*FIELDS, *GRPC_FIELDS, *CANARY_FIELDS} == set(
        re.findall(r"`(\w+)`", "".join(re.findall(r"^\|([^|]*)\|", table, re.MULTILINE)))
    )
