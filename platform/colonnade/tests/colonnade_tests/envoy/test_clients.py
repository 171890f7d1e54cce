"""Clients that are slow or many: each has its end, and the others are served meanwhile."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from hpack import Encoder
from hyperframe.frame import HeadersFrame, SettingsFrame

from colonnade_tests.envoy.edge import PLATFORM, Edge, eventually, running

BFF = """\
kind: mobile
port: 3001
route: {prefix: /api/shop, max_body: 4MiB, timeouts: {send: 2s, read: 1s}}
auth: {type: none}
"""
SMALL = """\
edge:
  max_connections: 20
  max_memory: 32MiB
  timeouts: {headers: 1s, flush: 1s, idle: 1s}
"""
MAX_CONNECTIONS = 20
PATIENCE_S = 10.0
"""Many times what any of them is allowed."""
CONNECTIONS, STREAMS = "http.edge.downstream_cx_active", "http.edge.downstream_rq_active"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD = b"POST /api/shop/x HTTP/1.1\r\nHost: shop\r\nContent-Length: 4000000\r\n\r\n"


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("edge")
    with running(folder, {"shop": BFF}, PLATFORM + SMALL, policy_service=False) as edge:
        yield edge


@pytest.fixture(autouse=True)
def _others_are_served(edge: Edge) -> Iterator[None]:
    yield
    eventually(lambda: edge.get("/api/shop/x").status_code == 200)


def connect(edge: Edge) -> socket.socket:
    """A client that takes little at a time."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(PATIENCE_S)
    client.connect((edge.target.listen.host, edge.target.listen.port))
    return client


def asked(client: socket.socket) -> bool:
    """Whether the edge answers on this connection."""
    with suppress(ConnectionError):
        client.sendall(b"GET /api/shop/x HTTP/1.1\r\nHost: shop\r\n\r\n")
        return client.recv(4096).startswith(b"HTTP/1.1 200")
    return False


def trickle(edge: Edge, client: socket.socket, more: bytes) -> bytes:
    """Send `more` again and again, a little at a time, until the edge says something or hangs up."""
    client.settimeout(0.05)
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with suppress(TimeoutError):
            try:
                client.sendall(more)
                return client.recv(4096)
            except ConnectionError:
                return b""
        assert edge.get("/healthz").status_code == 200
    raise AssertionError("the edge puts up with it")


def gone(edge: Edge, what: str) -> None:
    """The edge had something to do for a client that takes no answer, and gives it up."""
    eventually(lambda: edge.stat(what) > 0)
    eventually(lambda: edge.stat(what) == 0)


def test_headers_that_come_byte_by_byte(edge: Edge) -> None:
    with connect(edge) as client:
        client.sendall(b"GET /api/shop/x HTTP/1.1\r\nHost: shop\r\nX: ")

        assert trickle(edge, client, b"x")[9:12] in {b"408", b""}


def test_a_body_that_comes_byte_by_byte(edge: Edge) -> None:
    with connect(edge) as client:
        client.sendall(HEAD)

        assert trickle(edge, client, b"x")[9:12] == b"408"


def test_a_handshake_that_never_ends(edge: Edge) -> None:
    assert edge.target.tls is not None
    address = (edge.target.tls.listen.host, edge.target.tls.listen.port)
    with socket.create_connection(address, timeout=PATIENCE_S) as client:
        client.sendall(b"\x16\x03\x01\x02\x00")

        assert client.recv(1) == b""
    assert edge.stat("listener.*downstream_cx_transport_socket_connect_timeout") == 1


def test_a_connection_that_nothing_is_asked_on(edge: Edge) -> None:
    with connect(edge) as client:
        assert client.recv(1) == b""


def test_an_answer_that_is_not_read(edge: Edge) -> None:
    with connect(edge) as client:
        client.sendall(b"GET /api/shop/large HTTP/1.1\r\nHost: shop\r\n\r\n")

        gone(edge, CONNECTIONS)


@pytest.mark.parametrize("path", ["/api/shop/x", "/api/shop/large"])
def test_an_http2_client_that_opens_no_window(edge: Edge, path: str) -> None:
    fields = [(":method", "GET"), (":scheme", "http"), (":authority", "shop"), (":path", path)]
    ask = HeadersFrame(1, Encoder().encode(fields), flags=["END_HEADERS", "END_STREAM"])
    closed = SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 0})
    with connect(edge) as client:
        client.sendall(PREFACE + closed.serialize() + ask.serialize())

        gone(edge, STREAMS)


def test_more_connections_than_the_edge_takes(edge: Edge) -> None:
    """Those that are there are served on; those beyond are closed at once, until there is room again."""
    before = edge.stat("listener.*downstream_global_cx_overflow")
    with ExitStack() as held:
        clients = [held.enter_context(connect(edge)) for _ in range(MAX_CONNECTIONS + 10)]
        served = [asked(client) for client in clients]

        assert 0 < served.count(True) <= MAX_CONNECTIONS
        assert served.count(False) >= 10
    assert edge.stat("listener.*downstream_global_cx_overflow") >= before + 10


def test_more_memory_than_the_edge_has(edge: Edge) -> None:
    """Unfinished bodies fill it: new requests are refused until it is free again."""
    with ExitStack() as held:
        for _ in range(MAX_CONNECTIONS // 2):
            held.enter_context(connect(edge)).sendall(HEAD + b"x" * 3_900_000)

        eventually(lambda: edge.get("/api/shop/x").status_code == 503)
        refusal = edge.get("/api/shop/x")
    assert refusal.headers["retry-after"] == "1"
    assert refusal.json()["detail"].startswith("The edge has more to do")
