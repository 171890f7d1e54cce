"""An identity provider that knows of opaque tokens what a test tells it, and counts who asks."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from joserfc.jwk import ECKey

CLIENT, SECRET = "edge", "the-secret-of-introspection"
KEYS = {"keys": [ECKey.generate_key("P-256").as_dict(private=False)]}


@dataclass
class Introspected:
    """`answers` by token; `asked` counts questions; while `gate` is closed, nobody is answered;
    `reached` is set by the next question.

    `most` is how many questions were open at a time; while `down`, all are answered with 503.
    A token that begins with `odd` is a bad request.
    """

    issuer: str = ""
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    authorized: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)
    down: bool = False
    most: int = 0
    _open: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def introspect(self, token: str, authorization: str) -> tuple[int, dict[str, Any]]:
        with self._lock:
            self.asked[token] += 1
            self.authorized.append(authorization)
            self._open += 1
            self.most = max(self.most, self._open)
        self.reached.set()
        self.gate.wait(10)
        with self._lock:
            self._open -= 1
        if token.startswith("odd"):
            return 400, {"error": "invalid_request"}
        return (503, {}) if self.down else (200, self.answers.get(token, {"active": False}))


def _handler(provider: Introspected) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            endpoint = f"{provider.issuer}/introspect"
            metadata = {
                "issuer": provider.issuer,
                "authorization_endpoint": f"{provider.issuer}/authorize",
                "token_endpoint": f"{provider.issuer}/token",
                "jwks_uri": f"{provider.issuer}/jwks",
                "introspection_endpoint": endpoint,
            }
            self._send(200, KEYS if self.path == "/jwks" else metadata)

        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["content-length"])).decode()))
            self._send(*provider.introspect(form["token"], self.headers["authorization"]))

        def _send(self, status: int, value: dict[str, Any]) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # the edge no longer waits
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    return Handler


@contextmanager
def introspected() -> Iterator[Introspected]:
    provider = Introspected()
    provider.gate.set()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider)) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield provider
        finally:
            provider.gate.set()
            server.shutdown()
            thread.join()
