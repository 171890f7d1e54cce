"""What those who run the process ask it: is it alive, is it ready, what does it count.

`/livez` answers as long as the event loop turns; who gets no answer starts the process anew. `/healthz`
says whether it takes requests: not while it stops. Neither asks a service, so none of them takes a BFF
down with it. `/metrics` is for those within: what came through a proxy finds nothing there.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from colonnade_runtime.metrics import family
from colonnade_runtime.rsgi import HTTPProtocol, Scope

HEALTHZ, LIVEZ, METRICS = "/healthz", "/livez", "/metrics"
PROBES = frozenset({HEALTHZ, LIVEZ, METRICS})
JSON = ("content-type", "application/json")
PROMETHEUS = ("content-type", "text/plain; version=0.0.4; charset=utf-8")
FORWARDED = "x-forwarded-for"
Answer = tuple[int, tuple[str, str], bytes]


class Counts(Protocol):
    """Something that counts."""

    def metrics(self) -> list[str]:
        """Return the lines of what it counted."""
        ...


class Probes:
    """Answers the probes of one process."""

    def __init__(self, *counts: Counts) -> None:
        self._counts: Sequence[Counts] = counts
        self.stopping = False

    def answer(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answer a request whose path is one of `PROBES`."""
        status, kind, body = self._answer(scope)
        headers = [kind, ("cache-control", "no-store")]
        if scope.method == "HEAD":
            protocol.response_empty(status, headers)
        else:
            protocol.response_bytes(status, headers, body)

    def _answer(self, scope: Scope) -> Answer:
        if scope.path == METRICS:
            if scope.headers.get(FORWARDED) is not None:
                return 404, JSON, b'{"status":404,"title":"Not Found"}'
            return 200, PROMETHEUS, "".join(f"{one}\n" for one in self._lines()).encode()
        if scope.path == HEALTHZ and self.stopping:
            return 503, JSON, b'{"status":"stopping"}'
        return 200, JSON, b'{"status":"ok"}'

    def _lines(self) -> list[str]:
        tasks = float(len(asyncio.all_tasks()))
        lines = family("colonnade_tasks", "gauge", [({}, tasks)])
        for one in self._counts:
            lines += one.metrics()
        return lines
