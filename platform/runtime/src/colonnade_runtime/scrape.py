"""`/metrics`, at a port of its own: what a process counts is for those who run it.

The edge knows only the port of the views, so no request of a client finds this one, whatever its path or
its headers.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from colonnade_runtime.metrics import family

PATIENCE_S = 5.0
"""For one request; a scraper sends it at once."""
MOST_HEAD = 8 * 1024
"""Bytes of a request's head."""
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class Counts(Protocol):
    """Something that counts."""

    def metrics(self) -> list[str]:
        """Return the lines of what it counted."""
        ...


def exposition(counts: Sequence[Counts]) -> bytes:
    """Return all that is counted, in Prometheus' text format."""
    lines = family("colonnade_tasks", "gauge", [({}, float(len(asyncio.all_tasks())))])
    for one in counts:
        lines += one.metrics()
    return "".join(f"{one}\n" for one in lines).encode()


@asynccontextmanager
async def scraped(host: str, port: int | None, tell: Callable[[], bytes]) -> AsyncIterator[None]:
    """Serve what `tell` returns at `/metrics` of `port`; nothing where that is None."""
    if port is None:
        yield
        return

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_answer(head, tell))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # who does not ask properly is not answered
        finally:
            writer.close()

    async with await asyncio.start_server(serve, host, port, limit=MOST_HEAD):
        yield


def _answer(head: bytes, tell: Callable[[], bytes]) -> bytes:
    method, _, rest = head.partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0]
    if path != b"/metrics":
        return _written("404 Not Found", b"")
    if method != b"GET":
        return _written("405 Method Not Allowed", b"")
    return _written("200 OK", tell())


def _written(status: str, body: bytes) -> bytes:
    lines = (
        f"HTTP/1.1 {status}",
        f"content-type: {PROMETHEUS}",
        f"content-length: {len(body)}",
        "connection: close",
    )
    return "\r\n".join((*lines, "", "")).encode() + body
