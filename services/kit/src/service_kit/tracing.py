"""Spans of the requests that the edge has sampled, sent to an OpenTelemetry collector (OTLP as JSON)."""

import json
import logging
import os
import queue
import threading
import time
import urllib.request
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_WAITING = 2048
MOST_SENT = 512
PAUSE_S = 1.0
PATIENCE_S = 5.0
SERVER, ERROR = 2, 2
"""A span's kind, and the status of one that failed."""
PARTS = (2, 32, 16, 2)
"""The lengths of the parts of a `traceparent`: version, trace, span, flags."""

log = logging.getLogger(__name__)
Span = dict[str, Any]
Attribute = dict[str, Any]


class Exporter:
    """Sends spans from a thread of its own; where too many wait, one more is dropped."""

    def __init__(self, url: str, service: str) -> None:
        self._url = f"{url.rstrip('/')}/v1/traces"
        self._resource = {"attributes": [text("service.name", service)]}
        self._waiting: queue.Queue[Span] = queue.Queue(MOST_WAITING)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._send_forever, daemon=True)
        self._thread.start()

    def add(self, span: Span) -> None:
        """Take a span."""
        try:
            self._waiting.put_nowait(span)
        except queue.Full:
            log.debug("a span was dropped: too many wait")

    def close(self) -> None:
        """Send what is left."""
        self._closing.set()
        self._thread.join(PATIENCE_S)

    def _send_forever(self) -> None:
        while not self._closing.wait(PAUSE_S):
            self._send()
        self._send()

    def _send(self) -> None:
        while spans := [self._waiting.get() for _ in range(min(MOST_SENT, self._waiting.qsize()))]:
            scope = {"scope": {"name": "service_kit"}, "spans": spans}
            body = json.dumps({"resourceSpans": [{"resource": self._resource, "scopeSpans": [scope]}]})
            headers = {"content-type": "application/json"}
            asked = urllib.request.Request(self._url, body.encode(), headers)  # noqa: S310 - the operator's
            try:
                urllib.request.urlopen(asked, timeout=PATIENCE_S).close()  # noqa: S310 - as above
            except OSError as error:
                log.debug("spans were dropped: %s", error)


class TraceMiddleware:
    """Makes a span of each request that is sampled."""

    def __init__(self, app: ASGIApp, exporter: Exporter) -> None:
        self._app = app
        self._exporter = exporter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        parent = sampled(dict(scope["headers"])) if scope["type"] == "http" else None
        if parent is None:
            await self._app(scope, receive, send)
            return
        status, began = 500, time.time_ns()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._exporter.add(_answered(scope, parent, began, status))


def sampled(headers: Mapping[bytes, bytes]) -> tuple[str, str] | None:
    """Return the trace and the span that called, where the edge has sampled them."""
    parts = headers.get(b"traceparent", b"").decode("latin-1").split("-")
    if tuple(map(len, parts)) != PARTS or "".join(parts).strip("0123456789abcdef"):
        return None
    return (parts[1], parts[2]) if int(parts[3], 16) & 1 else None


def exporter(environ: Mapping[str, str]) -> Exporter | None:
    """Return what sends spans where OpenTelemetry's variables say; None where they do not."""
    url = environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    return Exporter(url, environ.get("OTEL_SERVICE_NAME", "service")) if url else None


def _answered(scope: Scope, parent: tuple[str, str], began: int, status: int) -> Span:
    route = getattr(scope.get("route"), "path", "")
    attributes = [
        text("http.request.method", scope["method"]),
        text("http.route", route),
        number("http.response.status_code", status),
    ]
    failed = status >= 500  # noqa: PLR2004 - HTTP's
    return span(parent, f"{scope['method']} {route}".rstrip(), began, attributes, failed=failed)


def span(
    parent: tuple[str, str], name: str, began: int, attributes: list[Attribute], *, failed: bool
) -> Span:
    """Return the span of what `began` (in ns) below `parent`, a trace and a span, and ends now."""
    return {
        "traceId": parent[0],
        "spanId": os.urandom(8).hex(),
        "parentSpanId": parent[1],
        "name": name,
        "kind": SERVER,
        "startTimeUnixNano": str(began),
        "endTimeUnixNano": str(time.time_ns()),
        "attributes": attributes,
        "status": {"code": ERROR} if failed else {},
    }


def text(key: str, value: str) -> Attribute:
    """Return a span's attribute."""
    return {"key": key, "value": {"stringValue": value}}


def number(key: str, value: int) -> Attribute:
    """Return a span's attribute."""
    return {"key": key, "value": {"intValue": str(value)}}
