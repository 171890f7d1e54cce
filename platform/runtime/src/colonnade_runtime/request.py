"""A request, as a view sees it."""

import asyncio
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import parse_qsl
from uuid import uuid4

import msgspec
from colonnade_runtime.body import read, read_json
from colonnade_runtime.errors import BadRequest, Invalid, Unauthorized, UpstreamTimeout
from colonnade_runtime.router import NO_PARAMETERS
from colonnade_runtime.rsgi import HTTPProtocol, Scope
from colonnade_runtime.upstream import Call, Reply, Transport

Decoded = TypeVar("Decoded")
IDENTITY = ("x-user-id", "x-user-email", "x-user-roles", "x-client-id", "x-device-id")
TRACE = ("traceparent", "tracestate")
FOR_CALLS = 0.85
"""The share of a request's time that calls may take; the rest is for merging what they brought."""


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
        transport: Transport,
    ) -> None:
        self.parameters = NO_PARAMETERS
        self.limits = limits
        self._scope = scope
        self._protocol = protocol
        self._transport = transport
        self._clock = asyncio.get_running_loop().time
        self._calls_end = self._clock() + limits.deadline * FOR_CALLS

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
        """Return the id of the `user`, `device` or `client` that asks. Raises `Unauthorized`."""
        header = f"x-{caller}-id"
        value = self._scope.headers.get(header)
        if not value:
            raise Unauthorized(f"The edge did not say who asks: {header} is missing.")
        return value

    def query(self, kind: type[Decoded]) -> Decoded:
        """Return the query as a struct of type `kind`. Raises `Invalid`, naming the parameter."""
        try:
            given = dict(parse_qsl(self._scope.query_string, keep_blank_values=True, strict_parsing=False))
            return msgspec.convert(given, kind, strict=False)
        except msgspec.ValidationError as error:
            raise Invalid(f"query: {error}") from error
        except ValueError as error:
            raise BadRequest("The query cannot be read.") from error

    async def json(self, kind: type[Decoded]) -> Decoded:
        """Return the body. Raises `BadRequest`, `PayloadTooLarge`, or `Invalid`, which names the field."""
        length = self._scope.headers.get("content-length")
        return read_json(await read(self._protocol, length, self.limits.body), kind)

    async def send(self, service: str, method: str, target: str, body: bytes | None = None) -> Reply:
        """Send a call to a service; declared calls do, nobody else needs to.

        Raises `UpstreamError` where there is no answer within the time that is left.
        """
        timeout = min(self.limits.call, self._calls_end - self._clock())
        if timeout <= 0:
            raise UpstreamTimeout(service, "no time was left to ask")
        headers = self._headers if body is None else self._headers | {"content-type": "application/json"}
        return await self._transport.send(Call(service, method, target, headers, body, timeout))

    @cached_property
    def id(self) -> str:
        """The X-Request-ID, from the edge; a new one where the BFF is asked directly."""
        return self._scope.headers.get("x-request-id") or str(uuid4())

    @cached_property
    def _headers(self) -> dict[str, str]:
        """What goes all the way down: identity, request id and trace."""
        find = self._scope.headers.get
        given: dict[str, Any] = {name: value for name in (*IDENTITY, *TRACE) if (value := find(name))}
        return {"accept": "application/json", "x-request-id": self.id, **given}
