"""A span, and the document in which spans are sent (OTLP 1.x as JSON)."""

from collections.abc import Sequence

import msgspec

SERVER, CLIENT = 2, 3
"""Kinds: work for a request, and a call to somebody else."""
UNSET, ERROR = 0, 2
"""Statuses."""

Value = str | int


class Span(msgspec.Struct, frozen=True, gc=False):
    """A piece of work: ids are hexadecimal, `start` and `end` in nanoseconds since 1970."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: int
    start: int
    end: int
    attributes: tuple[tuple[str, Value], ...]
    failed: bool


def document(service: str, spans: Sequence[Span]) -> bytes:
    """Return `ExportTraceServiceRequest` with the spans of one service."""
    resource = {"attributes": _attributes((("service.name", service),))}
    scope = {"scope": {"name": "colonnade"}, "spans": [_written(span) for span in spans]}
    return msgspec.json.encode({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]})


def _written(span: Span) -> dict[str, object]:
    return {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "parentSpanId": span.parent_id,
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(span.start),
        "endTimeUnixNano": str(span.end),
        "attributes": _attributes(span.attributes),
        "status": {"code": ERROR if span.failed else UNSET},
    }


def _attributes(pairs: Sequence[tuple[str, Value]]) -> list[dict[str, object]]:
    # JSON's numbers hold no 64-bit integer, so OTLP writes one as a string.
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in pairs
    ]
