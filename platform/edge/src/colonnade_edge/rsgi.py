"""What we use of RSGI, the interface between Granian and an application (its own stubs export none of it)."""

from typing import Protocol


class RequestHeaders(Protocol):
    """A header map; names are lower case."""

    def get(self, key: str, default: str) -> str:
        """Return the first value of a header."""
        ...


class Scope(Protocol):
    """What is known of a request before its body."""

    method: str
    path: str
    query_string: str
    authority: str | None

    @property
    def headers(self) -> RequestHeaders:
        """The request's headers."""
        ...


class HTTPProtocol(Protocol):
    """The way to the body, and back to the client."""

    async def __call__(self) -> bytes:
        """Return the whole body."""
        ...

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Answer without a body."""
        ...

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer with a body."""
        ...
