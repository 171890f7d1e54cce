"""A request, as a view sees it."""

import asyncio
from collections.abc import Callable
from math import inf
from os import urandom
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from colonnade_runtime.body import decode, read
from colonnade_runtime.cost import Cost
from colonnade_runtime.encodings import Encoding, negotiated
from colonnade_runtime.errors import BadRequest, Invalid, Unauthorized
from colonnade_runtime.router import NO_PARAMETERS
from colonnade_runtime.rsgi import HTTPProtocol, Scope
from colonnade_runtime.tracing.trace import Trace
from colonnade_runtime.upstream import Ask, Call, Flights, Reply
from colonnade_runtime.upstream.call import Headers, Own
from colonnade_runtime.upstream.upstreams import Upstreams, Way

Decoded = TypeVar("Decoded")
Shared = TypeVar("Shared")
IDENTITY = ("x-user-id", "x-user-email", "x-user-roles", "x-client-id", "x-device-id")
TRACE = ("traceparent", "tracestate")
TRACE_AND_IDENTITY = (*TRACE, *IDENTITY)
EXPECTED = "x-envoy-expected-rq-timeout-ms"
"""How long who asks will wait; Envoy says it to every service behind it, and we say it to ours."""
FOR_CALLS = 0.85
"""The share of a request's time that calls may take; the rest is for merging what they brought."""
ENTRY_BYTES = 768
"""What a last good answer takes besides its body and the texts of its key: more than was seen."""


class Limits(msgspec.Struct, frozen=True):
    """What a request may take: bytes of its body, seconds for all of it, seconds for one call."""

    body: int
    deadline: float
    call: float


class Request:
    """One request: who asks, what for, and the calls to services made on its behalf."""

    def __init__(
        self,
        scope: Scope,
        protocol: HTTPProtocol,
        limits: Limits,
        upstreams: Upstreams,
        *,
        development: bool = False,
    ) -> None:
        self.parameters = NO_PARAMETERS
        self.limits = limits
        self.development = development
        self.cost = Cost()
        self.anonymous = False
        self.trace: Trace | None = None
        self._scope = scope
        self._header = scope.headers.get  # looked up once: Granian makes the map anew each time
        self._protocol = protocol
        self.upstreams = upstreams
        self.ways = upstreams.ways
        self._clock = asyncio.get_running_loop().time
        self.began = self._clock()
        seconds = given_time(self._header(EXPECTED), limits.deadline)
        self.ends = self.began + seconds
        self._calls_end = self.began + seconds * FOR_CALLS
        self._flights: Flights = {}
        self._shared: dict[object, Any] = {}
        self._id: str | None = None
        self._told: Headers | None = None
        self._degraded: set[str] = set()

    @property
    def user_id(self) -> str:
        """The user that the edge found. Raises `Unauthorized` where it found none."""
        return self.identify("user")

    @property
    def device_id(self) -> str:
        """The device that the edge found. Raises `Unauthorized` where it found none."""
        return self.identify("device")

    @property
    def client_id(self) -> str:
        """The program that the edge found, or the app that a user has. Raises `Unauthorized` without one."""
        return self.identify("client")

    def identify(self, caller: str) -> str:
        """Return the id of the `user`, `device` or `client` that asks. Raises `Unauthorized`.

        Raises `RuntimeError` in a view whose answers are shared: it would tell all what is one's own.
        """
        if self.anonymous:
            raise RuntimeError("a view whose answers are shared is not told who asks: say cache=private()")
        header = f"x-{caller}-id"
        value = self._header(header)
        if not value:
            raise Unauthorized(f"The edge did not say who asks: {header} is missing.")
        return value

    @property
    def path(self) -> str:
        """The path as it was sent."""
        return self._scope.path

    @property
    def query_string(self) -> str:
        """The query as it was sent, without its question mark."""
        return self._scope.query_string

    @property
    def encoding(self) -> Encoding:
        """How the client wants its answer written."""
        return negotiated(self._header("accept"))

    @property
    def if_none_match(self) -> str | None:
        """The tags of answers that the client has."""
        return self._header("if-none-match")

    @property
    def last_event_id(self) -> str | None:
        """The id of the last event that the client had before its stream broke."""
        return self._header("last-event-id")

    @property
    def idempotency_key(self) -> str | None:
        """The key with which the client may send the same again, for a call that hands it on."""
        return self._header("idempotency-key")

    def query(self, kind: type[Decoded]) -> Decoded:
        """Return the query as a struct of type `kind`. Raises `Invalid`, naming the parameter."""
        try:
            given = dict(parse_qsl(self.query_string, keep_blank_values=True, strict_parsing=False))
            return msgspec.convert(given, kind, strict=False)
        except msgspec.ValidationError as error:
            raise Invalid(f"query: {error}") from error
        except ValueError as error:
            raise BadRequest("The query cannot be read.") from error

    async def body(self, kind: type[Decoded]) -> Decoded:
        """Return the body, which is JSON or, where its Content-Type says so, MessagePack.

        Raises `BadRequest`, `PayloadTooLarge`, or `Invalid`, which names the field.
        """
        sent = await read(self._protocol, self._header("content-length"), self.limits.body)
        return decode(sent, self._header("content-type"), kind)

    def shared(self, owner: object, make: Callable[[], Shared]) -> Shared:
        """Return what all work for this request shares on behalf of `owner`; made when first asked for."""
        found = self._shared.get(owner)
        if found is None:
            found = self._shared[owner] = make()
        shared: Shared = found
        return shared

    @property
    def degraded(self) -> list[str]:
        """The names of what is missing from the answer, or not fresh, because a service failed; sorted."""
        return sorted(self._degraded) if self._degraded else []

    def degrade(self, name: str) -> None:
        """Say that a part of the answer is missing, or not fresh."""
        self._degraded.add(name)

    def call(self, ask: Ask, target: str, body: bytes | None, own: Own) -> Call:
        """Return a call on behalf of this request, within the time that is left of it."""
        now = self._clock()
        ends = now + self.limits.call
        if ends > self._calls_end:  # noqa: PLR1730 - `min` costs ten times as much, in every call
            ends = self._calls_end
        for_all = ask.shared or self.anonymous  # tells nobody who asks
        flights = self.upstreams.flights if for_all else self._flights
        headers = self._headers(TRACE) if for_all else self._down()
        if own:
            headers = Headers((*headers.items(), *own))
        if self.trace is not None:
            headers = Headers(headers, traceparent=self.trace.child())
        return Call(ask, target, headers, body, now, ends, flights, own)

    def called(self, way: Way, call: Call, outcome: str, reply: Reply | None) -> None:
        """Count what became of a call, and what its answer has cost, unless that was another's."""
        now = self._clock()
        way.observe(outcome, now - call.began)
        if reply is not None and not call.joined:
            self.cost.calls += 1
            self.cost.received += len(reply.body)
        if self.trace is not None:
            self.trace.called(call, outcome, now)

    def keep(self, call: Call, body: bytes) -> None:
        """Keep an answer that was good, for this caller; for all, where the call is shared."""
        key = self._key(call)
        size = len(body) + len(repr(key[1:])) + ENTRY_BYTES
        self.upstreams.last_good.keep(key, body, size, self._clock())

    def last_good(self, call: Call) -> bytes | None:
        """Return what was kept, if it is not too old."""
        found = self.upstreams.last_good.find(self._key(call), self._clock(), call.ask.last_good)
        return found.value if found else None

    def _key(self, call: Call) -> tuple[Ask, str, Own, tuple[str | None, ...]]:
        caller = () if call.ask.shared or self.anonymous else self.caller
        return call.ask, call.target, call.own, caller

    @property
    def caller(self) -> tuple[str | None, ...]:
        """All that the edge said of who asks."""
        return tuple(map(self._header, IDENTITY))

    @property
    def has_body(self) -> bool:
        """Whether a body was sent, an empty one included."""
        return self._header("content-length") is not None or self._header("transfer-encoding") is not None

    def without_end(self) -> None:
        """Take the request's deadline away, as a stream has none; each call keeps its own."""
        self._calls_end = inf

    def again(self) -> "Request":
        """Return the same request, asked now: with time of its own, and nothing missing so far."""
        other = Request(
            self._scope, self._protocol, self.limits, self.upstreams, development=self.development
        )
        other.parameters, other.anonymous = self.parameters, self.anonymous
        return other

    def detached(self) -> "Request":
        """Return a request of nobody and without end, for work that outlives this one."""
        other = self.again()
        other.anonymous = True
        other.without_end()
        return other

    @property
    def id(self) -> str:
        """The X-Request-ID, from the edge; a new one where the BFF is asked directly."""
        if self._id is None:
            self._id = self._header("x-request-id") or urandom(16).hex()
        return self._id

    def _down(self) -> Headers:
        """What goes down with a call: request id and trace, and who asks."""
        if self._told is None:
            self._told = self._headers(TRACE_AND_IDENTITY)
        return self._told

    def _headers(self, names: tuple[str, ...]) -> Headers:
        given = Headers({"accept": "application/json", "x-request-id": self.id})
        for name in names:
            if value := self._header(name):
                given[name] = value
        return given


def given_time(expected_ms: str | None, deadline: float) -> float:
    """Return the seconds for a request: those that the edge waits, but no more than `deadline`."""
    if expected_ms is None or not (expected_ms.isascii() and expected_ms.isdecimal()):
        return deadline
    return min(int(expected_ms) / 1000, deadline)
