"""What is sent to a service, what comes back, and what a stage between the two is."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal, Protocol

import msgspec

READ = "GET"
GOOD = range(200, 300)
"""Statuses of an answer to read."""
IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})
"""Methods whose repetition changes nothing more (RFC 9110 §9.2.2)."""
KEY = "idempotency-key"
"""The header that makes any call such a one: a service does once what comes twice with the same key."""
Own = tuple[tuple[str, str], ...]
"""Headers of one call, their names in small letters."""


class Ask(msgspec.Struct, frozen=True, eq=False):
    """What a declared call says of itself; see `get` for `shared`, `hedge` and `last_good`.

    Of one that is declared to return `None` nothing is `read`, so that no answer of it is malformed. One that
    is `keyed` has a parameter for the header `KEY`.
    """

    service: str
    method: str
    template: str
    pass_on: frozenset[int] = frozenset()
    shared: bool = False
    hedge: float | Literal["p95"] | None = None
    last_good: float = 0.0
    read: bool = True
    keyed: bool = False


class Headers(dict[str, str]):
    """Headers of calls, and how they are written on the wire; worked out once for all calls of a request."""

    __slots__ = ("_lines",)

    @property
    def lines(self) -> str:
        """A line for each. Raises `ValueError` for a header that would be more than one."""
        try:
            return self._lines
        except AttributeError:
            lines = "".join([f"{name}: {value}\r\n" for name, value in self.items()])
        if lines.count("\n") != len(self):
            raise ValueError(f"a line break in one of the headers {', '.join(self)}")
        self._lines: str = lines
        return lines


class Call(msgspec.Struct, frozen=True, gc=False):
    """One call: `target` is path and query, `began` and `ends` are on the loop's clock, in seconds.

    `flights` are the reads under way that it may join: of the same request, or of all where nobody is told
    who asks. `tried` has a bit for each instance that it was sent to, which is noted here because one call is
    sent again and again. One that `joined` was not sent: its answer is that of an identical read. `own` are
    those of its `headers` that no other call of the request has.
    """

    ask: Ask
    target: str
    headers: Mapping[str, str]
    body: bytes | None
    began: float
    ends: float
    flights: "Flights"
    own: Own = ()
    tried: int = 0
    joined: bool = False

    @property
    def service(self) -> str:
        """The service that is asked."""
        return self.ask.service

    @property
    def method(self) -> str:
        """The method, in capitals."""
        return self.ask.method

    @property
    def idempotent(self) -> bool:
        """Whether it may be made twice."""
        return self.ask.method in IDEMPOTENT or (self.ask.keyed and KEY in self.headers)


class Reply(msgspec.Struct, frozen=True, gc=False):
    """What the service answered."""

    status: int
    body: bytes


Stage = Callable[[Call], Awaitable[Reply]]
"""A stage of a call: does its part, and hands the call to the next one."""

Flights = dict[tuple[str, str, Own], list[asyncio.Future[Reply | None]]]
"""Reads under way, by service, target and own headers, with those who wait for the same answer."""


class Transport(Protocol):
    """The way to the services: HTTP in a process, a fake in tests."""

    async def send(self, call: Call, /) -> Reply:
        """Send a call. Raises `UpstreamTimeout`, `UpstreamUnreachable` or `UpstreamTooLarge`."""
        ...
