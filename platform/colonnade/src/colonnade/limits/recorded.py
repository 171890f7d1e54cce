"""Reads requests from the edge's access log."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from colonnade_policy.counted import CLIENT_IP

REFUSED_BY_AUTH = (401, 403)


class Person(msgspec.Struct, frozen=True, gc=False):
    """Who asked, as far as the log knows."""

    consumer: str
    groups: frozenset[str] = frozenset()
    credential: str = ""


class Request(msgspec.Struct, frozen=True):
    """One request of the log; `at` is microseconds since 1970."""

    at: int
    route_id: str
    host: str
    method: str
    path: str
    client: str
    identity: Person
    refused: bool

    def header(self, name: str) -> str:
        """Return the client's address: the log has no other header that limits count."""
        return self.client if name == CLIENT_IP else ""


class _Line(msgspec.Struct):
    """What a replay needs of `colonnade.envoy.access_log.FIELDS`; Envoy leaves out what is empty."""

    time: datetime
    method: str
    path: str
    status: int
    route: str = ""
    host: str = ""
    client: str = ""
    user: str = ""
    client_id: str = ""
    device: str = ""
    roles: str = ""
    refused: str = ""
    upstream: str = ""


_decoder = msgspec.json.Decoder(_Line, strict=False)


def read_request(line: bytes) -> Request | None:
    """Return the request of a line, None where a credential was refused: no limit met it.

    Whatever stands before the object, such as the name of a container, is passed over. Raises
    `ValueError` where the line is none of the access log.
    """
    start = line.find(b"{")
    if start < 0:
        raise ValueError("no JSON object")
    found = _decoder.decode(line[start:])
    if found.status in REFUSED_BY_AUTH and not found.upstream:
        return None
    return Request(
        at=round(found.time.timestamp() * 1_000_000),
        route_id=found.route,
        host=found.host,
        method=found.method,
        path=found.path,
        client=found.client,
        identity=Person(_consumer(found), frozenset(found.roles.split(",")) if found.roles else frozenset()),
        refused=found.status == 429,  # noqa: PLR2004 - Too Many Requests
    )


def read_requests(lines: Iterable[bytes]) -> tuple[list[Request], int]:
    """Return the requests in the order of their time, and how many lines were none of the access log."""
    requests, foreign = [], 0
    for line in lines:
        if not line.strip():
            continue
        try:
            request = read_request(line)
        except ValueError:
            foreign += 1
            continue
        if request is not None:
            requests.append(request)
    # Several edges write, each a line when an answer has ended.
    requests.sort(key=lambda request: request.at)
    return requests, foreign


def _consumer(line: _Line) -> str:
    """As the edge names who asks; a request that a limit refused tells it itself."""
    if line.refused:
        return line.refused
    if line.user:
        return f"user:{line.user}"
    if line.device:
        return f"device:{line.device}"
    return f"client:{line.client_id}" if line.client_id else f"ip:{line.client}"
