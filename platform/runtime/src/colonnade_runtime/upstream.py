"""Calls to services: what is sent, what comes back, and its bytes as a typed struct."""

from collections.abc import Mapping
from typing import Protocol, TypeVar

import msgspec
from colonnade_runtime.decoding import decode_json
from colonnade_runtime.errors import UpstreamMalformed, UpstreamStatus

Decoded = TypeVar("Decoded")


class Call(msgspec.Struct, frozen=True, gc=False):
    """One call to a service: `target` is path and query, `timeout` in seconds is for all of it."""

    service: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None
    timeout: float


class Reply(msgspec.Struct, frozen=True, gc=False):
    """What the service answered."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of the status


class Transport(Protocol):
    """The way to the services: HTTP in a process, a fake in tests."""

    async def send(self, call: Call) -> Reply:
        """Send a call. Raises `UpstreamTimeout` or `UpstreamUnreachable`."""
        ...


def decode(service: str, reply: Reply, kind: type[Decoded]) -> Decoded:
    """Return the body of a reply. Raises `UpstreamStatus` or `UpstreamMalformed`."""
    if not reply.ok:
        raise UpstreamStatus(service, reply.status)
    try:
        return decode_json(reply.body, kind)
    except msgspec.MsgspecError as error:
        raise UpstreamMalformed(service, str(error)) from error
