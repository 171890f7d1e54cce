"""What stands behind an edge in a test: every BFF, and the identity provider."""

import json
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import Key, RSAKey

from colonnade.ir.target import Address

HOST = "127.0.0.1"
BUSY_S = 0.004
LARGE = json.dumps("x" * 20_000_000).encode()
"""More than all buffers on the way hold."""


@dataclass
class Backend:
    """Stands in for every BFF and for the identity provider: answers with what it was sent.

    A parameter `say.NAME` of the query is a header of the answer, `status` its status. `asked` counts what
    the provider was asked. What is asked to be busy has one worker, and waits for it.
    """

    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, auto_kid=True))
    keys: list[Key] = field(init=False)
    failures: int = 0
    provider_down: bool = False
    asked: Counter[str] = field(default_factory=Counter)
    worker: threading.Lock = field(default_factory=threading.Lock)
    server: ThreadingHTTPServer = field(init=False)

    def __post_init__(self) -> None:
        self.keys = [self.key]
        self.server = _Server((HOST, 0), type("Handler", (_Handler,), {"backend": self}))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def documents(self) -> dict[str, Mapping[str, object]]:
        """What the identity provider serves."""
        return {"/.well-known/openid-configuration": self.discovery(), "/keys": self.jwks()}

    @property
    def address(self) -> Address:
        return Address(HOST, self.server.server_address[1])

    @property
    def issuer(self) -> str:
        return self.address.url

    def discovery(self) -> Mapping[str, object]:
        endpoints = {"jwks_uri": "keys", "authorization_endpoint": "authorize", "token_endpoint": "token"}
        return {"issuer": self.issuer} | {name: f"{self.issuer}/{path}" for name, path in endpoints.items()}

    def jwks(self) -> dict[str, object]:
        return {"keys": [key.as_dict(private=False) for key in self.keys]}

    def claims(self, claims: Mapping[str, object]) -> dict[str, Any]:
        """What an access token of alice says; a claim given as None is left out."""
        now = int(time.time())
        standard = {
            "iss": self.issuer,
            "aud": "colonnade",
            "sub": "alice",
            "client_id": "tv",
            "exp": now + 60,
        }
        standard |= {"email": "alice@example.com", "roles": ["user", "admin"], "scope": "openid orders:read"}
        return {k: v for k, v in {**standard, **claims}.items() if v is not None}

    def token(self, claims: Mapping[str, object], key: RSAKey | None = None) -> str:
        """An access token of alice."""
        head = {"alg": "RS256", "kid": str(self.key.kid)}
        return jwt.encode(head, self.claims(claims), key or self.key)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def said(path: str) -> list[tuple[str, str]]:
    """The headers that the query wants on the answer."""
    query = parse_qsl(urlsplit(path).query)
    return [(name.removeprefix("say."), value) for name, value in query if name.startswith("say.")]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024


class _Handler(BaseHTTPRequestHandler):
    backend: Backend
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path in self.backend.documents:
            self.provide()
        elif "hang" in self.path:
            time.sleep(1.5)
            self.close_connection = True
        elif "busy" in self.path:
            with self.backend.worker:
                time.sleep(BUSY_S)
            self.send({})
        elif "large" in self.path:
            self.send_data(LARGE)
        elif "flaky" in self.path and self.backend.failures > 0:
            self.backend.failures -= 1
            self.close_connection = True
        else:
            headers = [[name.lower(), value] for name, value in self.headers.items()]
            self.send({"path": self.path, "headers": headers, "size": len(body), "pad": "x" * 3000})

    def provide(self) -> None:
        self.backend.asked[self.path] += 1
        if self.backend.provider_down:
            self.close_connection = True
        else:
            self.send(self.backend.documents[self.path])

    def send(self, document: object) -> None:
        self.send_data(json.dumps(document).encode())

    def send_data(self, data: bytes) -> None:
        query = dict(parse_qsl(urlsplit(self.path).query))
        self.send_response(int(query.get("status", "200")))
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        for name, value in said(self.path):
            self.send_header(name, value)
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = answer  # noqa: N815 - the base class's names

    def log_message(self, *_: object) -> None:
        pass
