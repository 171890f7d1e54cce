"""The platform in containers serves each kind of client, and outlives one of its edges."""

import ssl
import time
from datetime import UTC, datetime

import httpx
import pytest

from tests.compose.clients import Edge
from tests.compose.conftest import compose, see_more

pytestmark = [pytest.mark.compose, pytest.mark.timeout(300)]


def test_a_browser_logs_in_and_asks(web: httpx.Client) -> None:
    answer = web.post("/api/web/graphql", json={"query": "{ me { id name } }"})

    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["me"]["id"] == "alice"


def test_an_app_shows_its_home(mobile: httpx.Client) -> None:
    answer = mobile.get("/api/mobile/home")

    assert answer.status_code == 200, answer.text
    assert "Alice" in answer.text
    assert answer.headers["x-ratelimit-limit"]


def test_a_device_sends_a_reading(iot: httpx.Client) -> None:
    now = datetime.now(UTC)
    reading = {"seq": time.time_ns() // 1000, "at": now.isoformat(), "metric": "temperature", "value": 21.5}

    answer = iot.post("/api/iot/telemetry", json=reading)

    assert (202, {"accepted": 1, "duplicates": 0}) == (answer.status_code, answer.json())


def test_a_request_without_a_credential_is_refused(edges: Edge) -> None:
    answer = httpx.get(f"{edges.url}/api/mobile/home")

    assert (401, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


def test_a_client_that_trusts_the_development_ca_comes_over_tls() -> None:
    pem = compose("run", "--rm", "-T", "config", "cat", "/run/colonnade/tls-ca/ca.pem")
    with httpx.Client(verify=ssl.create_default_context(cadata=pem), http2=True) as client:
        answer = client.get("https://127.0.0.1:8443/healthz")

    assert (200, "HTTP/2") == (answer.status_code, answer.http_version)


def test_one_edge_may_die_under_traffic(edges: Edge, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}

    with edges.under_traffic("/api/mobile/products?limit=1", headers) as traffic:
        see_more(traffic)
        kill("2")
        see_more(traffic)

    # What was on its way through that edge is lost, and nothing after it.
    assert len(traffic.failed) <= traffic.clients, traffic.failed


def test_the_edge_that_came_back_serves_alone(edges: Edge, token: str) -> None:
    compose("up", "--detach", "--no-build", "--wait", "envoy-2", "policy-2")
    headers = {"Authorization": f"Bearer {token}"}

    with edges.under_traffic("/api/mobile/products?limit=1", headers) as traffic:
        see_more(traffic)
        kill("")
        see_more(traffic)

    compose("up", "--detach", "--no-build", "--wait", "envoy", "policy")
    assert len(traffic.failed) <= traffic.clients, traffic.failed


def kill(number: str) -> None:
    """Kill one edge whole: its Envoy and its policy service."""
    suffix = f"-{number}" if number else ""
    compose("kill", f"envoy{suffix}", f"policy{suffix}")
