"""HTTP/3 at the edge, by a real Envoy and a client of another library."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import QuicEvent

from colonnade_tests.envoy.backend import HOST
from colonnade_tests.envoy.edge import PLATFORM, Edge, eventually, running

TV = """kind: mobile
port: 3003
route: {prefix: /api/tv}
auth: {type: jwt, revocation: false}
limits: [{name: each, rate: 3/hour, policy: local}]
routes:
  - name: open
    path: /open
    auth: {type: none}
    limits: [{name: address, rate: 1000/hour, key: ip, policy: local}]
"""
HTTP3 = f"{PLATFORM}edge: {{tls: {{http3: true}}}}\n"


@dataclass
class Answer:
    """What came back over HTTP/3."""

    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def status(self) -> int:
        return int(self.headers[":status"])


class Client(QuicConnectionProtocol):
    """A connection that asks one thing after another."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - the library's own
        super().__init__(*args, **options)
        self._http = H3Connection(self._quic)
        self._answers: dict[int, tuple[Answer, asyncio.Future[Answer]]] = {}

    async def get(self, path: str, headers: dict[str, str]) -> Answer:
        stream = self._quic.get_next_available_stream_id()
        whole: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[stream] = (Answer(), whole)
        fields = {":method": "GET", ":scheme": "https", ":authority": "localhost", ":path": path}
        fields |= {name.lower(): value for name, value in headers.items()}
        encoded = [(name.encode(), value.encode()) for name, value in fields.items()]
        self._http.send_headers(stream, encoded, end_stream=True)
        self.transmit()
        return await asyncio.wait_for(whole, 20)

    def quic_event_received(self, event: QuicEvent) -> None:
        for one in self._http.handle_event(event):
            self._heard(one)

    def _heard(self, event: H3Event) -> None:
        if not isinstance(event, HeadersReceived | DataReceived):
            return
        answer, whole = self._answers[event.stream_id]
        if isinstance(event, HeadersReceived):
            answer.headers |= {name.decode(): value.decode() for name, value in event.headers}
        else:
            answer.body += event.data
        if event.stream_ended:
            whole.set_result(answer)


def ask(edge: Edge, *requests: tuple[str, dict[str, str]]) -> list[Answer]:
    """The answers to requests over one connection of HTTP/3."""

    async def asked() -> list[Answer]:
        assert edge.target.tls is not None
        trusting = QuicConfiguration(alpn_protocols=H3_ALPN, server_name="localhost")
        trusting.load_verify_locations(cafile=str(edge.authority))
        port = edge.target.tls.listen.port
        async with connect(HOST, port, configuration=trusting, create_protocol=Client) as client:
            assert isinstance(client, Client)
            return [await client.get(path, headers) for path, headers in requests]

    return asyncio.run(asyncio.wait_for(asked(), 40))


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running(tmp_path_factory.mktemp("edge"), {"tv": TV}, HTTP3) as edge:
        eventually(lambda: over_tls(edge).status_code == 200)
        yield edge


def over_tls(edge: Edge) -> httpx.Response:
    trusting = ssl.create_default_context(cafile=str(edge.authority))
    return httpx.get(f"{edge.tls_url}/api/tv/open", verify=trusting)


def test_the_answers_over_tls_lead_to_http_3_and_those_in_the_clear_do_not(edge: Edge) -> None:
    assert edge.target.tls is not None

    assert f'h3=":{edge.target.tls.listen.port}"; ma=86400' == over_tls(edge).headers["alt-svc"]
    assert "alt-svc" not in edge.get("/api/tv/open").headers


def test_a_request_over_http_3_is_what_it_is_over_tls(edge: Edge) -> None:
    forged = {"X-User-ID": "root", "X-Forwarded-For": "203.0.113.1"}
    (answer,) = ask(edge, ("/api/tv/open?q=1", forged))
    told = httpx.Response(200, content=answer.body).json()
    seen = dict(told["headers"])

    assert (200, "/open?q=1") == (answer.status, told["path"])
    assert "https" == seen["x-forwarded-proto"]
    assert "203.0.113.1" not in seen["x-forwarded-for"]
    assert "x-user-id" not in seen


def test_a_client_has_the_same_address_over_http_3(edge: Edge) -> None:
    """By which requests are counted: the two share what is left."""
    left = int(over_tls(edge).headers["x-ratelimit-remaining"])
    (answer,) = ask(edge, ("/api/tv/open", {}))

    assert left - 1 == int(answer.headers["x-ratelimit-remaining"])


def test_credentials_and_limits_hold_over_http_3_as_elsewhere(edge: Edge) -> None:
    alice = edge.alice()
    before = edge.get("/api/tv/home", headers=alice)
    nobody, *known = ask(edge, ("/api/tv/home", {}), *[("/api/tv/home", alice)] * 3)

    assert (401, "application/problem+json") == (nobody.status, nobody.headers["content-type"])
    assert "2" == before.headers["x-ratelimit-remaining"]
    assert [200, 200, 429] == [answer.status for answer in known]
    assert "alice" == dict(httpx.Response(200, content=known[0].body).json()["headers"])["x-user-id"]
    assert "retry-after" in known[2].headers


def test_a_renewed_certificate_is_shown_over_http_3_too(edge: Edge) -> None:
    before = edge.authority.read_bytes()
    (edge.authority).unlink()
    edge.certify()  # by another CA, which the client below trusts alone
    eventually(lambda: over_tls(edge).status_code == 200)

    assert before != edge.authority.read_bytes()
    assert 200 == ask(edge, ("/api/tv/open", {}))[0].status


def test_it_is_not_spoken_unless_asked_for(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        running(tmp_path_factory.mktemp("off"), {"tv": TV}, policy_service=False) as off,
        socket.socket(type=socket.SOCK_DGRAM) as probe,
    ):
        assert "alt-svc" not in over_tls(off).headers
        assert off.target.tls is not None
        probe.settimeout(10)
        probe.connect((HOST, off.target.tls.listen.port))
        probe.send(b"anybody?")
        with pytest.raises(ConnectionRefusedError):
            probe.recv(1)
