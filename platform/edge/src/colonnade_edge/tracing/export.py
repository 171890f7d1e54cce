"""Sends spans to a collector (OTLP 1.x as JSON), in the background: one that is away holds up nobody."""

import asyncio
import logging
from collections.abc import Sequence

import httpx2
import msgspec

from colonnade_edge.settings import Collector

MOST_WAITING = 4096
"""Spans that wait to be sent; one more is dropped."""
PAUSE_S = 1.0
"""Between two requests."""
PATIENCE_S = 5.0
"""For one request."""
SERVER, UNSET, ERROR = 2, 0, 2
"""A span's kind, and its statuses."""
JSON = {"content-type": "application/json"}

log = logging.getLogger(__name__)


class Span(msgspec.Struct, frozen=True, gc=False):
    """A piece of work: ids are hexadecimal, `start` and `end` in nanoseconds since 1970."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    start: int
    end: int
    attributes: dict[str, str]
    failed: bool


class Exporter:
    """Holds spans until they are sent. What a collector does not take is dropped: it would only pile up."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._client = httpx2.AsyncClient(timeout=PATIENCE_S, trust_env=False)
        self._waiting: list[Span] = []
        self._sent = self._dropped = 0

    def add(self, span: Span) -> None:
        """Take a span to send, or drop it where too many wait."""
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(span)
        else:
            self._dropped += 1

    async def send_forever(self) -> None:
        """Send what waits, again and again."""
        while True:
            await asyncio.sleep(PAUSE_S)
            await self._send()

    async def close(self) -> None:
        """Send what is left."""
        await self._send()
        await self._client.aclose()

    def lines(self) -> list[str]:
        """Return how many spans were sent, and how many were not, in Prometheus' format."""
        name = "colonnade_spans_total"
        counts = {"sent": self._sent, "dropped": self._dropped}
        return [f"# TYPE {name} counter", *(f'{name}{{outcome="{key}"}} {n}' for key, n in counts.items())]

    async def _send(self) -> None:
        spans, self._waiting = self._waiting, []
        if not spans:
            return
        body = _document(self._collector.service, spans)
        url = f"{self._collector.url}/v1/traces"
        try:
            (await self._client.post(url, content=body, headers=JSON)).raise_for_status()
        except httpx2.HTTPError as error:
            self._dropped += len(spans)
            log.warning("%d spans are dropped, the collector does not take them: %s", len(spans), error)
        else:
            self._sent += len(spans)


def _document(service: str, spans: Sequence[Span]) -> bytes:
    resource = {"attributes": _attributes({"service.name": service})}
    scope = {"scope": {"name": "colonnade"}, "spans": [_written(span) for span in spans]}
    return msgspec.json.encode({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]})


def _written(span: Span) -> dict[str, object]:
    return {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "parentSpanId": span.parent_id,
        "name": span.name,
        "kind": SERVER,
        "startTimeUnixNano": str(span.start),
        "endTimeUnixNano": str(span.end),
        "attributes": _attributes(span.attributes),
        "status": {"code": ERROR if span.failed else UNSET},
    }


def _attributes(pairs: dict[str, str]) -> list[dict[str, object]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in pairs.items()]
