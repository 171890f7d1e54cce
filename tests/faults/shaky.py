"""A small HTTP service over real sockets that misbehaves as told, while it runs."""

import asyncio
import json
import re
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum

SLOW_S = 0.2
OVERSIZED = 9 * 1024 * 1024
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Mood(StrEnum):
    """How it behaves."""

    WELL = "well"
    SLOW = "slow"
    FAILING = "failing"
    HANGING = "hanging"
    RESETTING = "resetting"
    MALFORMED = "malformed"
    OVERSIZED = "oversized"


@dataclass
class Shaky:
    """Answers each request with the document of the first prefix that its target begins with."""

    documents: Mapping[str, object]
    mood: Mood = Mood.WELL
    url: str = ""
    open: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        task = asyncio.current_task()
        assert task is not None
        self.open.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while head := await reader.readuntil(b"\r\n\r\n"):
                    if length := re.search(rb"content-length: *(\d+)", head, re.IGNORECASE):
                        await reader.readexactly(int(length[1]))
                    await self._answer(head.split(b" ")[1].decode(), reader, writer)
                    await writer.drain()
        finally:
            self.open.discard(task)
            writer.transport.abort()

    async def _answer(self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        match self.mood:
            case Mood.FAILING:
                writer.write(_head(503, 0))
            case Mood.HANGING:
                await reader.read()  # until the other side gives up
            case Mood.RESETTING:
                connection = writer.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
                raise ConnectionError
            case Mood.MALFORMED:
                writer.write(_head(200, 6) + b"<html>")
            case Mood.OVERSIZED:
                writer.write(_head(200, OVERSIZED))
                for _ in range(OVERSIZED // 65536):
                    writer.write(b" " * 65536)
                    await writer.drain()
            case _:
                if self.mood is Mood.SLOW:
                    await asyncio.sleep(SLOW_S)
                found = (one for prefix, one in self.documents.items() if target.startswith(prefix))
                body = json.dumps(next(found)).encode()
                writer.write(_head(200, len(body)) + body)


@asynccontextmanager
async def shaky(documents: Mapping[str, object]) -> AsyncIterator[Shaky]:
    """Serve until the context ends, then let go of every connection."""
    service = Shaky(documents)
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    service.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield service
    finally:
        server.close()
        for task in [*service.open]:
            task.cancel()
        await asyncio.gather(*service.open, return_exceptions=True)


def _head(status: int, length: int) -> bytes:
    return b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, length)
