"""The streams that are open in a process, each until its events, its client or the process ends."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator

from colonnade_runtime.caching import Headers
from colonnade_runtime.errors import UpstreamError
from colonnade_runtime.events import HEARTBEAT, Event, Events
from colonnade_runtime.logs import of_request
from colonnade_runtime.metrics import family
from colonnade_runtime.rsgi import HTTPProtocol, Scope, StreamTransport

_log = logging.getLogger(__name__)


class Streams:
    """Sends events to clients for as long as both sides want it."""

    def __init__(self) -> None:
        self._open: set[asyncio.Task[None]] = set()

    async def send(self, events: Events, scope: Scope, protocol: HTTPProtocol, headers: Headers) -> None:
        """Send all events of a stream; end it when the client is gone."""
        if scope.method == "HEAD":
            protocol.response_empty(200, headers)
            await _close(events.source)
            return
        sending = asyncio.create_task(_send(events, protocol.response_stream(200, headers)))
        watch = asyncio.create_task(_watch(protocol, sending))
        self._open.add(sending)
        try:
            await asyncio.wait({sending})
        finally:
            self._open.discard(sending)
            watch.cancel()
            sending.cancel()
        if not sending.cancelled() and (error := sending.exception()) is not None:
            unexpected = None if isinstance(error, UpstreamError) else error
            told = of_request(scope.headers.get("x-request-id"))
            _log.error("%s: the stream ended: %s", scope.path, error, exc_info=unexpected, extra=told)

    def end(self) -> None:
        """End all streams: the process stops, and clients come back to another one."""
        for sending in self._open:
            sending.cancel()

    def metrics(self) -> list[str]:
        """Return the line that says how many are open."""
        return family("colonnade_streams_open", "gauge", [({}, float(len(self._open)))])


async def _send(events: Events, transport: StreamTransport) -> None:
    try:
        await transport.send_bytes(events.opening())
        while (event := await _next(events, transport)) is not None:
            await transport.send_bytes(event.encode())
    finally:
        await _close(events.source)


async def _next(events: Events, transport: StreamTransport) -> Event | None:
    """Return the next event, None after the last; meanwhile keep the connection alive."""
    waiting = asyncio.ensure_future(_one(events.source))
    try:
        while not (await asyncio.wait({waiting}, timeout=events.heartbeat))[0]:
            await transport.send_bytes(HEARTBEAT)
        return waiting.result()
    finally:
        if not waiting.done():
            waiting.cancel()
            await asyncio.wait({waiting})  # a generator cannot be closed while it runs


async def _one(source: AsyncIterator[Event]) -> Event | None:
    return await anext(source, None)


async def _watch(protocol: HTTPProtocol, sending: "asyncio.Task[None]") -> None:
    await protocol.client_disconnect()
    sending.cancel()


async def _close(source: AsyncIterator[Event]) -> None:
    if isinstance(source, AsyncGenerator):
        await source.aclose()
