"""Streams as a client holds them open, and how they end."""

import asyncio
import time
from collections.abc import Mapping
from typing import Self
from urllib.parse import urlsplit

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


class Stream:
    """One connection with one request on it, which is read until it ends."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, speaks: bool) -> None:
        self._reader = reader
        self._writer = writer
        self._speaks = speaks
        self._told = asyncio.Event()
        self.head = b""
        self.task = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, url: str, headers: Mapping[str, str]) -> Self:
        """Send a GET for `url`; a WebSocket says something all the time. Return once it is answered."""
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        lines = [
            f"GET {parts.path} HTTP/1.1",
            f"Host: {parts.netloc}",
            *(f"{k}: {v}" for k, v in headers.items()),
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        stream = cls(reader, writer, speaks="Upgrade" in headers)
        await stream.goes_on()
        return stream

    @property
    def status(self) -> int:
        """The answer's status."""
        return int(self.head.split(b" ", 2)[1])

    @property
    def open_now(self) -> bool:
        """Whether it has not ended."""
        return not self.task.done()

    async def ended(self, within_s: float) -> float:
        """Return when it ended, by the monotonic clock; fail where it goes on for `within_s` more seconds."""
        async with asyncio.timeout(within_s):
            return await self.task

    async def goes_on(self) -> bool:
        """Return whether something more arrives."""
        self._told.clear()
        async with asyncio.timeout(15):
            await asyncio.wait(
                (self.task, waiting := asyncio.ensure_future(self._told.wait())),
                return_when=asyncio.FIRST_COMPLETED,
            )
        waiting.cancel()
        return self._told.is_set()

    def close(self) -> None:
        """Go away."""
        self.task.cancel()
        self._writer.transport.abort()

    async def _read(self) -> float:
        try:
            self.head = await self._reader.readuntil(b"\r\n\r\n")
            self._told.set()
            while await self._next():
                self._told.set()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        return time.monotonic()

    async def _next(self) -> bytes:
        if self._speaks:
            self._writer.write(b"ping")
            await asyncio.sleep(0.05)
        return await self._reader.read(4096)
