"""Mutual TLS from a real Envoy to a real BFF, and from there to a real service."""

import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import httpx
import pytest

from colonnade.ir.peers import domain, peers
from colonnade.ir.platform import Platform
from colonnade.ir.target import CERTIFICATE, CURRENT, KEY, PEERS_CA, Address
from colonnade.tls import publish_identities
from colonnade_tests.envoy.backend import HOST
from colonnade_tests.envoy.edge import Edge, eventually, platform, running
from service_kit.testing import free_port

PLATFORM = """name: shop
mtls: true
guardrails: {auth: [jwt, none], require_limit: false}
services:
  telemetry:
    path: services/telemetry
    port: 8105
    grpc_port: 8115
    expose: {descriptor: telemetry.pb, route: {prefix: /api/telemetry}, auth: {type: none}}
"""
TV = "kind: mobile\nport: 3003\nroute: {prefix: /api/tv}\nauth: {type: none}\nservices: [telemetry]\n"
IMPOSTOR = "kind: mobile\nport: 3004\nroute: {prefix: /api/radio}\nauth: {type: none}\n"
BFFS = {"tv": TV, "radio": IMPOSTOR}


@dataclass
class Stack:
    """An edge, the BFF `tv` and the service `telemetry`, all of which know each other."""

    edge: Edge
    platform: Platform
    ports: dict[str, int]

    def identity(self, part: str) -> Path:
        return self.edge.folder / "identities" / part / CURRENT

    def shown(self, part: str | None, ca: Path | None = None) -> ssl.SSLContext:
        """A client that shows the certificate of `part`, or none; it does not mind who answers."""
        context = ssl.create_default_context(cafile=str(ca or self.identity("edge") / PEERS_CA))
        context.check_hostname = False
        if part is not None:
            context.load_cert_chain(self.identity(part) / CERTIFICATE, self.identity(part) / KEY)
        return context


def issue(folder: Path, compiled: Platform) -> None:
    """Give every part what it lacks."""
    each = [(peer, folder / "identities" / peer.part) for peer in peers(compiled)]
    publish_identities(folder / "peers-ca.pem", domain(compiled), each, datetime.now(UTC))


@contextmanager
def process(*arguments: str, port: int, **environment: str) -> Iterator[None]:
    """Run a part until the context ends; it listens when it begins."""
    env = os.environ | {"HOST": HOST, "PORT": str(port)} | environment
    popen = subprocess.Popen([sys.executable, *arguments], env=env)

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((HOST, port)) == 0

    try:
        eventually(listens, within=60)
        yield
    finally:
        popen.terminate()
        popen.wait(20)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("mtls")
    shutil.copy(str(files("telemetry_service.proto").joinpath("telemetry.pb")), folder)
    compiled = platform(folder, BFFS, PLATFORM)
    issue(folder, compiled)
    ports = {name: free_port() for name in ("tv", "telemetry", "grpc")}
    endpoints = {"tv": (Address(HOST, ports["tv"]),), "telemetry": (Address(HOST, ports["grpc"]),)}
    # Somebody with a good certificate, which is another's.
    endpoints["radio"] = (Address(HOST, ports["telemetry"]),)
    service = {
        "IDENTITY_FOLDER": str(folder / "identities" / "telemetry" / CURRENT),
        "DATA_DIR": str(folder / "data"),
        "GRPC_PORT": str(ports["grpc"]),
    }
    bff = {
        "IDENTITY_FOLDER": str(folder / "identities" / "tv" / CURRENT),
        "UPSTREAM_TELEMETRY_URL": f"https://{HOST}:{ports['telemetry']}",
        "UPSTREAM_TELEMETRY_PEER": "telemetry.shop.internal",
    }
    script = str(Path(__file__).with_name("peer_bff.py"))
    with (
        process("-m", "telemetry_service", port=ports["telemetry"], **service),
        process(script, port=ports["tv"], **bff),
        running(folder, BFFS, PLATFORM, policy_service=False, endpoints=endpoints) as edge,
    ):
        eventually(lambda: edge.get("/api/tv/readings").status_code == 200)
        yield Stack(edge, compiled, ports)


def test_a_request_goes_all_the_way_down(stack: Stack) -> None:
    stored = httpx.post(
        f"{stack.edge.url}/api/telemetry/v1/devices/sensor-1/readings",
        json={"readings": [{"seq": 7, "at": "2026-01-01T00:00:00Z", "metric": "t", "value": 1}]},
    )
    read = stack.edge.get("/api/tv/readings")

    assert (200, 200) == (stored.status_code, read.status_code)
    assert {"items": [{"seq": 7}]} == read.json()


@pytest.mark.parametrize("port", ["tv", "telemetry", "grpc"])
def test_who_shows_no_certificate_is_refused(stack: Stack, port: str) -> None:
    for nobody in (stack.shown(None), None):
        with pytest.raises((OSError, AssertionError)):  # an alert, or a connection that says nothing more
            ask(stack, port, nobody)


def ask(stack: Stack, port: str, context: ssl.SSLContext | None) -> bytes:
    """What comes back to a request for the health of a part, as whoever `context` shows."""
    plain = socket.create_connection((HOST, stack.ports[port]), timeout=20)
    with context.wrap_socket(plain) if context else plain as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: health\r\nconnection: close\r\n\r\n")
        answer = connection.recv(64)
    assert answer.startswith(b"HTTP/1.1 200"), answer
    return answer


def test_the_edge_calls_bffs_and_bffs_call_services(stack: Stack) -> None:
    assert ask(stack, "tv", stack.shown("edge"))
    assert ask(stack, "telemetry", stack.shown("tv"))


def test_a_service_calls_nobody(stack: Stack) -> None:
    """What its certificate is not for: else one that was taken over could tell BFFs who is calling."""
    with pytest.raises(ssl.SSLError):
        ask(stack, "tv", stack.shown("telemetry"))


def test_another_ca_vouches_for_nobody(stack: Stack, tmp_path: Path) -> None:
    issue(tmp_path, stack.platform)
    own = tmp_path / "identities" / "edge" / CURRENT
    context = stack.shown(None)
    context.load_cert_chain(own / CERTIFICATE, own / KEY)

    with pytest.raises(ssl.SSLError):
        ask(stack, "tv", context)


def test_the_edge_takes_nobody_for_another(stack: Stack) -> None:
    answer = stack.edge.get("/api/radio/healthz")

    assert (503, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


def test_a_renewed_certificate_of_the_edge_is_taken_up_and_no_request_is_lost(stack: Stack) -> None:
    def serials() -> str:
        certs = httpx.get(f"{stack.edge.target.admin.url}/certs").json()["certificates"]
        return str([one["serial_number"] for cert in certs for one in cert["cert_chain"]])

    before, statuses = serials(), set()
    (stack.edge.folder / "identities" / "edge" / CURRENT).unlink()
    issue(stack.edge.folder, stack.platform)

    def taken_up() -> bool:
        statuses.add(stack.edge.get("/api/tv/readings").status_code)
        return serials() != before

    eventually(taken_up)
    assert {200} == statuses
    assert 200 == stack.edge.get("/api/tv/readings").status_code
