"""What we use of RSGI, the interface between Granian and an application (its own stubs export none of it)."""

from collections.abc import AsyncIterator
from typing import Protocol


class RequestHeaders(Protocol):
    """A header map; names are lower case."""

    def get(self, key: str) -> str | None:
        """Return the first value of a header."""
        ...


class Scope(Protocol):
    """What is known of a request before its body."""

    @property
    def proto(self) -> str:
        """`http`, or `ws` of who asks for a WebSocket."""
        ...

    @property
    def method(self) -> str:
        """The method, in capitals."""
        ...

    @property
    def path(self) -> str:
        """The path, without the query."""
        ...

    @property
    def query_string(self) -> str:
        """The query, without its question mark."""
        ...

    @property
    def headers(self) -> RequestHeaders:
        """The request's headers."""
        ...


class StreamTransport(Protocol):
    """The way to the client of an answer that is sent piece by piece."""

    async def send_bytes(self, data: bytes) -> None:
        """Send a piece; return when there is room for the next."""
        ...


class HTTPProtocol(Protocol):
    """The way to the body, and back to the client."""

    async def __call__(self) -> bytes:
        """Return the whole body."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Return the body piece by piece."""
        ...

    async def client_disconnect(self) -> None:
        """Return when the client is gone."""
        ...

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Answer without a body."""
        ...

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer with a body."""
        ...

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> StreamTransport:
        """Answer with a body that is sent piece by piece."""
        ...


class WebSocketMessage(Protocol):
    """A message of a client: `kind` is 0 for the end, 1 for bytes, 2 for text."""

    @property
    def kind(self) -> int:
        """What it is."""
        ...

    @property
    def data(self) -> bytes | str:
        """The message."""
        ...


class WebSocketTransport(Protocol):
    """A WebSocket that was accepted."""

    async def receive(self) -> WebSocketMessage:
        """Return the next message; nothing more is read of the client until then."""
        ...

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message; return when there is room for the next."""
        ...

    async def send_str(self, data: str) -> None:
        """Send a text message; return when there is room for the next."""
        ...


class WebSocketProtocol(Protocol):
    """The way to a client that asks for a WebSocket."""

    async def accept(self) -> WebSocketTransport:
        """Take the client in."""
        ...

    def close(self, status: int | None = None) -> None:
        """End it; a client that was not taken in is answered with the HTTP status."""
        ...
