"""All that can be had in containers is on: several instances, mTLS, HTTP/3, metrics of every part."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests import http3
from tests.compose.clients import Edge
from tests.compose.conftest import compose, see_more

pytestmark = [pytest.mark.compose, pytest.mark.timeout(300)]

PATH = "/api/mobile/orders?limit=1"
METRICS = """
import sys
from urllib.request import urlopen
for target in sys.argv[1:]:
    print(target, urlopen(f"http://{target}/metrics", timeout=10).read().count(b"# TYPE"))
"""
HANDSHAKE = """
import socket, ssl, sys
anybody = ssl._create_unverified_context()
for name, port in (one.split(":") for one in sys.argv[1:]):
    with anybody.wrap_socket(socket.create_connection((name, int(port)), 10)) as connection:
        version = connection.version()
        try:
            connection.sendall(b"GET /healthz HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n")
            print(name, version, connection.recv(20))
        except ssl.SSLError as error:
            print(name, version, error.reason)
"""


def run(where: str, code: str, *arguments: str) -> str:
    """Run a program in a container, which reaches what its networks do."""
    return compose("exec", "-T", where, "python", "-c", code, *arguments)


def test_every_part_that_prometheus_is_told_of_tells_what_it_counts() -> None:
    folder = Path(os.environ["COMPOSE_FILE"].partition(":")[0]).parent
    written = yaml.safe_load((folder / "deploy/observability/prometheus.yml").read_text(encoding="utf-8"))
    targets = [
        target
        for job in written["scrape_configs"]
        for group in job["static_configs"]
        for target in group["targets"]
    ]

    counted = dict(line.rsplit(" ", 1) for line in run("envoy", METRICS, *targets).splitlines())

    assert {"mobile-2:9100", "envoy-2:9902"} <= set(targets) == counted.keys()
    assert all(int(count) > 0 for count in counted.values()), counted


def test_bffs_and_services_turn_away_who_shows_no_certificate() -> None:
    parts = ("mobile:3001", "mobile-2:3001", "web:3000", "order-2:8103", "user:8101")

    told = run("mobile", HANDSHAKE, *parts).splitlines()

    assert [f"{part.partition(':')[0]} TLSv1.3 TLSV13_ALERT_CERTIFICATE_REQUIRED" for part in parts] == told


@pytest.mark.parametrize("port", [8443, 8444], ids=["envoy", "envoy-2"])
def test_each_edge_answers_over_http_3(port: int, token: str) -> None:
    authority = compose("run", "--rm", "-T", "config", "cat", "/run/colonnade/tls-ca/ca.pem").encode()
    asked = http3.ask(port, authority, (PATH, {}), (PATH, {"authorization": f"Bearer {token}"}))

    nobody, alice = asyncio.run(asked)

    assert (401, 200) == (nobody.status, alice.status)
    assert f'h3=":{port}"; ma=86400' == alice.headers["alt-svc"]


@pytest.fixture
def killed() -> Iterator[list[str]]:
    """Instances that a test has killed, which run again after it."""
    names: list[str] = []
    yield names
    compose("start", *names)


def test_an_instance_of_a_bff_and_of_a_service_may_die(edges: Edge, token: str, killed: list[str]) -> None:
    with edges.under_traffic(PATH, {"Authorization": f"Bearer {token}"}) as traffic:
        see_more(traffic)
        for name in ("mobile-2", "order-2"):
            killed.append(name)
            compose("kill", name)
            see_more(traffic)

    assert traffic.failed == []
