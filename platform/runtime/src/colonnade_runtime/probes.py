"""What those who run the process ask it: is it alive, is it ready.

`/livez` answers as long as the event loop turns; who gets no answer starts the process anew. `/healthz`
says whether it takes requests: not while it stops. Neither asks a service, so none of them takes a BFF
down with it.
"""

from colonnade_runtime.rsgi import HTTPProtocol, Scope

HEALTHZ, LIVEZ = "/healthz", "/livez"
PROBES = frozenset({HEALTHZ, LIVEZ})
HEADERS = [("content-type", "application/json"), ("cache-control", "no-store")]


class Probes:
    """Answers the probes of one process."""

    def __init__(self) -> None:
        self.stopping = False

    def answer(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answer a request whose path is one of `PROBES`."""
        status, body = 200, b'{"status":"ok"}'
        if scope.path == HEALTHZ and self.stopping:
            status, body = 503, b'{"status":"stopping"}'
        if scope.method == "HEAD":
            protocol.response_empty(status, HEADERS)
        else:
            protocol.response_bytes(status, HEADERS, body)
