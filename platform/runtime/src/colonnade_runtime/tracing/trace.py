"""The spans of one request: one for all of it, and one for each call to a service."""

import time
from collections.abc import Callable
from os import urandom

from colonnade_runtime.tracing.span import CLIENT, SERVER, Span
from colonnade_runtime.upstream.call import Call

SAMPLED = 1
VERSION = "00"
PARTS = (2, 32, 16, 2)
"""The lengths of what a `traceparent` consists of: version, trace, span, flags."""
FAILED = 500
FINE = frozenset({"ok", "passed_on", "cancelled"})
"""Outcomes of calls with which nothing is wrong."""

End = Callable[[Span], None]


class Trace:
    """A sampled request. `now` is the loop's clock; `end` takes the spans that have ended."""

    __slots__ = ("_end", "_parent", "_since", "_span", "_trace")

    def __init__(self, trace: str, parent: str, now: float, end: End) -> None:
        self._trace = trace
        self._parent = parent
        self._span = urandom(8).hex()
        self._since = time.time_ns() - int(now * 1e9)
        self._end = end

    def child(self) -> str:
        """Return the `traceparent` of a call."""
        return f"{VERSION}-{self._trace}-{urandom(8).hex()}-01"

    def called(self, call: Call, outcome: str, now: float) -> None:
        """Tell of a call that has ended; it is the span that was sent with it."""
        ask = call.ask
        told = (
            ("http.request.method", ask.method),
            ("url.template", ask.template),
            ("peer.service", ask.service),
        )
        span = call.headers["traceparent"].split("-")[2]
        name, failed = f"{ask.method} {ask.template}", outcome not in FINE
        attributes = (*told, ("error.type", outcome)) if failed else told
        self._tell(span, self._span, name, CLIENT, call.began, now, attributes, failed=failed)

    def served(self, method: str, view: str, status: str, began: float, now: float) -> None:
        """Tell of the request, which has been answered with `status`, or whose client is gone."""
        told = ("http.request.method", method), ("http.route", view)
        code = int(status) if status.isdecimal() else 0
        attributes = (*told, ("http.response.status_code", code)) if code else told
        name = f"{method} {view}".rstrip()
        self._tell(self._span, self._parent, name, SERVER, began, now, attributes, failed=code >= FAILED)

    def _tell(
        self,
        span: str,
        parent: str,
        name: str,
        kind: int,
        began: float,
        now: float,
        attributes: tuple[tuple[str, str | int], ...],
        *,
        failed: bool,
    ) -> None:
        start, end = (self._since + int(at * 1e9) for at in (began, now))
        self._end(Span(self._trace, span, parent, name, kind, start, end, attributes, failed))


def begin(traceparent: str | None, now: float, end: End) -> Trace | None:
    """Return the trace of a request with this header; None where it is not sampled, or is no such header."""
    if traceparent is None or not traceparent.startswith(VERSION):
        return None
    parts = traceparent.split("-")
    if tuple(map(len, parts)) != PARTS or not _is_hex(parts[3]) or not int(parts[3], 16) & SAMPLED:
        return None
    return Trace(parts[1], parts[2], now, end) if _is_hex(parts[1]) and _is_hex(parts[2]) else None


def _is_hex(text: str) -> bool:
    return not text.strip("0123456789abcdef")
