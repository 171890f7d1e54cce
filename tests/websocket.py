"""A WebSocket's client over a real connection (RFC 6455): no more than tests need."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

MASK = b"\0\0\0\0"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
LIMIT_S = 15.0


class Refused(AssertionError):  # noqa: N818 - what happened
    """The handshake was answered otherwise; `status` is what was answered."""

    def __init__(self, status: int, head: str) -> None:
        super().__init__(head)
        self.status = status


class Client:
    """One connection. Its pings are answered as applications do; `closing` is what was said last."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.closing: dict[str, Any] | None = None
        self.pings = 0

    async def send(self, message: object) -> None:
        """Send a message, as JSON."""
        await self.frame(TEXT, json.dumps(message).encode())

    async def receive(self) -> Any:  # noqa: ANN401 - whatever it was
        """Return the next message. Raises `EOFError` at the end."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                kind, data = await self._frame()
                if kind == CLOSE:
                    raise EOFError
                if kind == PONG:
                    continue
                message = json.loads(data)
                sign = message.get("type") if isinstance(message, dict) else None
                if sign == "ping":
                    self.pings += 1
                    await self.send({"type": "pong"})
                elif sign == "close":
                    self.closing = message
                else:
                    return message

    async def ended(self) -> dict[str, Any] | None:
        """Wait for the end, and return what was said last."""
        try:
            while True:
                await self.receive()
        except (EOFError, asyncio.IncompleteReadError, ConnectionError):
            return self.closing

    async def frame(self, kind: int, data: bytes, *, last: bool = True) -> None:
        """Send a frame; those of clients are masked, and nothing forbids a mask of zeros."""
        head = bytes([0x80 * last | kind])
        if len(data) < 126:
            head += bytes([0x80 | len(data)])
        elif len(data) < 2**16:
            head += struct.pack("!BH", 0x80 | 126, len(data))
        else:
            head += struct.pack("!BQ", 0x80 | 127, len(data))
        self._writer.write(head + MASK + data)
        await self._writer.drain()

    def drop(self) -> None:
        """Break the connection, as a network does."""
        self._writer.transport.abort()

    async def _frame(self) -> tuple[int, bytes]:
        kind, length = await self._reader.readexactly(2)
        if length == 126:
            (length,) = struct.unpack("!H", await self._reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", await self._reader.readexactly(8))
        return kind & 0x0F, await self._reader.readexactly(length)


@asynccontextmanager
async def connected(url: str, headers: Mapping[str, str] | None = None) -> AsyncIterator[Client]:
    """Open a WebSocket at an http URL. Raises `Refused`."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        lines = [
            f"GET {parts.path} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            *(f"{name}: {value}" for name, value in (headers or {}).items()),
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        async with asyncio.timeout(LIMIT_S):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        status = int(head.split()[1])
        if status != 101:
            raise Refused(status, head)
        yield Client(reader, writer)
    finally:
        writer.transport.abort()
