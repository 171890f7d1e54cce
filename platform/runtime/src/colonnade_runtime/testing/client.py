"""A client that calls an application in this process."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import msgspec
from colonnade_runtime.app import App, Route
from colonnade_runtime.cost import Spent
from colonnade_runtime.handler import Handler
from colonnade_runtime.request import Limits, Request
from colonnade_runtime.testing.fakes import FakeUpstreams
from colonnade_runtime.testing.websocket import ClientSocket, conversation
from colonnade_runtime.upstream.upstreams import Upstreams

LIMITS = Limits(body=1024 * 1024, deadline=4.0, call=2.0)


@dataclass
class Response:
    """What the application answered; names of headers are lower case."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """The body, decoded."""
        return msgspec.json.decode(self.body)


@dataclass(frozen=True)
class AppClient:
    """Calls `app` in this process, as Granian would; `headers` go with every call.

    It is one process: a service that failed three times in a row is left alone by its breaker. Pauses
    before retries are as short as chance allows.
    """

    app: App
    upstreams: FakeUpstreams = field(default_factory=FakeUpstreams)
    headers: Mapping[str, str] = field(default_factory=dict)
    development: bool = False

    async def get(self, url: str, **headers: str) -> Response:
        """GET; `x_user_id="alice"` is the header X-User-ID."""
        return await self.request("GET", url, None, **headers)

    async def post(self, url: str, json: object, **headers: str) -> Response:
        """POST a JSON document."""
        return await self.request("POST", url, msgspec.json.encode(json), **headers)

    async def request(self, method: str, url: str, body: bytes | None = None, **headers: str) -> Response:
        """Make a request; a body has its Content-Length unless `transfer_encoding` is given."""
        given = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None and "transfer-encoding" not in given:
            given["content-length"] = str(len(body))
        parts = urlsplit(url)
        exchange = _Exchange(method, parts.path, parts.query, given, body or b"")
        await self._handler.__rsgi__(exchange, exchange)
        return exchange.response

    @asynccontextmanager
    async def websocket(self, url: str, **headers: str) -> AsyncIterator[ClientSocket]:
        """Open a WebSocket; it is closed, and its view has ended, when the context ends.

        Raises `Refused`, with the status, where the client is not taken in.
        """
        given = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        parts = urlsplit(url)
        exchange = _Exchange("GET", parts.path, parts.query, given, b"", proto="ws")
        async with conversation(lambda socket: self._handler.talk(exchange, socket)) as client:
            yield client

    async def end_streams(self) -> None:
        """End streams and WebSockets, as a process does that stops."""
        await self._handler.end_streams()

    @property
    def spent(self) -> Mapping[Route, Spent]:
        """What the good answers of each view have cost."""
        return self._handler.views.spent

    @property
    def metrics(self) -> str:
        """What the process has counted, as Prometheus reads it."""
        return self._handler.metrics().decode()

    @cached_property
    def _handler(self) -> Handler:
        return Handler(self.app, self.upstreams, development=self.development, random=lambda: 0.0)


def request_from(
    headers: Mapping[str, str], upstreams: FakeUpstreams | None = None, limits: Limits = LIMITS
) -> Request:
    """Return a request with these headers, to test what takes one without a view around it."""
    exchange = _Exchange("GET", "/", "", dict(headers), b"")
    return Request(
        exchange, exchange, limits, Upstreams(upstreams or FakeUpstreams(), {}, random=lambda: 0.0)
    )


@dataclass
class _Exchange:
    """One request and its answer: RSGI's scope and protocol at once."""

    method: str
    path: str
    query_string: str
    headers: dict[str, str]
    body: bytes
    response: Response = field(default_factory=Response)
    proto: str = "http"

    async def __call__(self) -> bytes:
        return self.body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.body), 1024):
            yield self.body[start : start + 1024]

    async def client_disconnect(self) -> None:
        await asyncio.Event().wait()

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.response_bytes(status, headers, b"")

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.response = Response(status, dict(headers), body)

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> "_Exchange":
        self.response = Response(status, dict(headers))
        return self

    async def send_bytes(self, data: bytes) -> None:
        self.response.body += data
