"""WebSockets over HTTP/2 (RFC 8441), by a real Envoy, to a server that knows HTTP/1.1 only."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, RemoteSettingsChanged, ResponseReceived, StreamReset
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes

from colonnade.ir.target import Address
from colonnade_tests.envoy.backend import HOST
from colonnade_tests.envoy.edge import Edge, running

TV = """kind: mobile
port: 3003
route: {prefix: /api/tv}
auth: {type: none}
routes:
  - {name: live, path: /live, stream: true}
  - {name: own, path: /own, stream: true, auth: {type: jwt}}
"""


class Strict(StreamRequestHandler):
    """Shakes hands as RFC 6455 wants it, and sends back what it gets."""

    def handle(self) -> None:
        lines = iter(self.rfile.readline, b"\r\n")
        asked, *rest = (line.decode().strip() for line in lines if line)
        if "/healthz" in asked:
            self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            return
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        wanted = {"upgrade": "websocket", "connection": "upgrade", "sec-websocket-version": "13"}
        good = wanted.items() <= {k: v.lower() for k, v in fields.items()}.items() and (
            len(fields.get("sec-websocket-key", "")) == 24
        )
        if not good:
            self.wfile.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            return
        head = ("HTTP/1.1 101 Switching Protocols", "upgrade: websocket", "connection: upgrade", "", "")
        self.wfile.write("\r\n".join(head).encode())
        while data := self.connection.recv(4096):
            self.wfile.write(data)


@contextmanager
def strict() -> Iterator[Address]:
    with ThreadingTCPServer((HOST, 0), Strict) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Address(HOST, server.server_address[1])
        server.shutdown()


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("edge")
    with strict() as server, running(folder, {"tv": TV}, endpoints={"tv": (server,)}) as edge:
        yield edge


class Tunnel:
    """One stream of HTTP/2, opened by an extended CONNECT; `status` is the edge's answer."""

    def __init__(self, edge: Edge, path: str, **pseudo: str) -> None:
        listen = edge.target.listen
        self._socket = socket.create_connection((listen.host, listen.port), timeout=20)
        self._http = H2Connection(H2Configuration(validate_outbound_headers=False, header_encoding="utf-8"))
        self._http.initiate_connection()
        self.allowed = self._settings()
        named = {"method": "CONNECT", "scheme": "http", "authority": "shop", "path": path} | pseudo
        headers = [(f":{name}", value) for name, value in named.items()]
        self._http.send_headers(1, [*headers, ("sec-websocket-version", "13")])
        self.status, self._received, self._over = 0, b"", False
        while not self.status and not self._over:
            self._hear()

    @property
    def refused(self) -> bool:
        """Whether the edge answered with an error, reset the stream or gave the connection up."""
        return self._over or self.status >= 400

    def echo(self, data: bytes) -> bytes:
        self._http.send_data(1, data)
        while len(self._received) < len(data):
            assert not self._over
            self._hear()
        received, self._received = self._received, b""
        return received

    def close(self) -> None:
        self._socket.close()

    def _settings(self) -> bool:
        """Whether the edge says that extended CONNECT is allowed."""
        while True:
            for event in self._events():
                if isinstance(event, RemoteSettingsChanged):
                    changed = event.changed_settings.get(SettingCodes.ENABLE_CONNECT_PROTOCOL)
                    return changed is not None and bool(changed.new_value)

    def _hear(self) -> None:
        for event in self._events():
            if isinstance(event, ResponseReceived):
                self.status = int(dict(event.headers or ())[":status"])  # type: ignore[index]  # it is text
            elif isinstance(event, DataReceived):
                self._received += event.data
            elif isinstance(event, StreamReset | ConnectionTerminated):
                self._over = True

    def _events(self) -> list[object]:
        self._socket.sendall(self._http.data_to_send())
        data = self._socket.recv(65536)
        assert data, "the edge hung up"
        try:
            return list(self._http.receive_data(data))
        except ProtocolError:  # the library hears nothing after a GOAWAY
            self._over = True
            return []


@contextmanager
def tunnel(edge: Edge, path: str, **pseudo: str) -> Iterator[Tunnel]:
    opened = Tunnel(edge, path, **pseudo)
    try:
        yield opened
    finally:
        opened.close()


def test_a_websocket_over_http_2_reaches_a_server_of_http_1(edge: Edge) -> None:
    with tunnel(edge, "/api/tv/live", protocol="websocket") as one:
        assert one.allowed
        assert 200 == one.status
        assert b"ping" == one.echo(b"ping")
        assert b"pong" == one.echo(b"pong")


@pytest.mark.parametrize(
    ("path", "protocol"),
    [("/api/tv/own", "websocket"), ("/api/tv/none", "websocket"), ("/api/tv/live", "connect-udp")],
    ids=["without credential", "where nothing streams", "another protocol"],
)
def test_nothing_else_is_tunnelled(edge: Edge, path: str, protocol: str) -> None:
    with tunnel(edge, path, protocol=protocol) as one:
        assert one.refused


def test_who_asks_for_a_websocket_where_nothing_streams_is_told_so(edge: Edge) -> None:
    wanted = {"upgrade": "websocket", "connection": "upgrade", "sec-websocket-version": "13"}

    answer = edge.get("/api/tv/none", headers=wanted | {"sec-websocket-key": "x" * 22 + "=="})

    assert (403, "This route takes no WebSockets.") == (answer.status_code, answer.json()["detail"])
