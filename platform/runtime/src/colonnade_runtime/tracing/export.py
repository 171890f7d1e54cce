"""Sends spans to a collector, in batches and in the background: one that is away holds up nobody."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing, suppress

from colonnade_runtime.errors import UpstreamError, UpstreamUnreachable
from colonnade_runtime.http_transport import HttpTransport
from colonnade_runtime.metrics import family
from colonnade_runtime.settings import Collector
from colonnade_runtime.tracing.span import Span, document
from colonnade_runtime.upstream import Ask, Call, Reply
from colonnade_runtime.upstream.call import GOOD

MOST_WAITING = 4096
"""Spans of a process that wait to be sent; one more is dropped."""
MOST_SENT = 512
"""Spans in one request."""
PAUSE_S = 1.0
"""Between two requests."""
PATIENCE_S = 5.0
"""For one request."""
SPANS = Ask("collector", "POST", "/v1/traces")
JSON = {"content-type": "application/json"}

_log = logging.getLogger(__name__)


class Exporter:
    """Holds the spans of a process until they are sent; made inside a running loop."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._transport = HttpTransport({SPANS.service: collector.url})
        self._waiting: list[Span] = []
        self._clock = asyncio.get_running_loop().time
        self._away = False
        self.sent = 0
        self.dropped = 0

    def add(self, span: Span) -> None:
        """Take a span to send, or drop it where too many wait."""
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(span)
        else:
            self.dropped += 1

    def metrics(self) -> list[str]:
        """Return the lines: how many spans were sent, and how many were not."""
        counts = {"sent": float(self.sent), "dropped": float(self.dropped)}
        return family(
            "colonnade_spans_total", "counter", [({"outcome": told}, n) for told, n in counts.items()]
        )

    async def send_forever(self) -> None:
        """Send what waits, again and again."""
        while True:
            await asyncio.sleep(PAUSE_S)
            await self.send()

    async def send(self) -> None:
        """Send all that waits now. What a collector does not take is dropped: it would only pile up."""
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_SENT], self._waiting[MOST_SENT:]
            why = await self._refused(batch)
            if why is None:
                self.sent += len(batch)
            else:
                self.dropped += len(batch)
            self._tell(why)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    async def _refused(self, batch: Sequence[Span]) -> str | None:
        """Send a batch; return why it was not taken, None where it was."""
        body = document(self._collector.service, batch)
        try:
            try:
                reply = await self._send(body)
            except UpstreamUnreachable:
                # A kept connection may have been closed just now; a span that comes twice is one.
                reply = await self._send(body)
        except UpstreamError as error:
            return str(error)
        return None if reply.status in GOOD else f"it answers {reply.status}"

    async def _send(self, body: bytes) -> Reply:
        now = self._clock()
        call = Call(SPANS, SPANS.template, JSON, body, now, now + PATIENCE_S, {})
        return await self._transport.send(call)

    def _tell(self, why: str | None) -> None:
        """Say once that the collector is away, and once that it is back."""
        if why is not None and not self._away:
            _log.warning("spans are dropped, the collector does not take them: %s", why)
        if why is None and self._away:
            _log.warning("the collector takes spans again")
        self._away = why is not None


@asynccontextmanager
async def exporting(collector: Collector | None) -> AsyncIterator[Exporter | None]:
    """An exporter that sends in the background, and at the end what is left; None without a collector."""
    if collector is None:
        yield None
        return
    with closing(Exporter(collector)) as exporter:
        sending = asyncio.create_task(exporter.send_forever())
        try:
            yield exporter
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending
            await exporter.send()
