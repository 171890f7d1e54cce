"""Instances of BFFs that are as ill as they are told to be, and count what they are asked."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from colonnade.ir.target import Address
from colonnade_tests.envoy.backend import HOST


@dataclass
class Patient:
    """One instance; it answers its name.

    `well` is what it says at the paths of health checks, `/healthz` and `/ready`. It may break connections,
    answer after a `delay` in seconds, or hang: leave requests without an answer. With `first_breaks` it
    breaks the first request for each path. `asked` counts requests by method, `open` the unanswered.
    """

    name: str = "one"
    port: int = 0
    well: bool = True
    breaking: bool = False
    hanging: bool = False
    first_breaks: bool = False
    delay: float = 0.0
    asked: Counter[str] = field(default_factory=Counter)
    checked: Counter[str] = field(default_factory=Counter)
    open: int = 0
    paths: set[str] = field(default_factory=set)

    @property
    def address(self) -> Address:
        return Address(HOST, self.port)

    @property
    def total(self) -> int:
        return self.asked.total()

    def start(self) -> None:
        started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(started)), daemon=True)
        self._thread.start()
        assert started.wait(10)

    def stop(self) -> None:
        """Die, and break all connections."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join(10)

    async def _run(self, started: threading.Event) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        async with await asyncio.start_server(self._serve, HOST, self.port, backlog=1024) as server:
            self.port = server.sockets[0].getsockname()[1]
            started.set()
            await self._stopped.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while await self._answered(reader, writer):
                pass
        writer.close()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; return whether another may follow."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split(" ", 2)
        if path in {"/healthz", "/ready"}:
            self.checked[path] += 1
            self._say(writer, "200 OK" if self.well else "503 Service Unavailable")
            return True
        self.asked[method] += 1
        first = path not in self.paths
        self.paths.add(path)
        if self.breaking or (self.first_breaks and first):
            return False
        if self.hanging:
            self.open += 1
            try:
                await reader.read()  # until the other side gives it up
            finally:
                self.open -= 1
            return False
        await asyncio.sleep(self.delay)
        self._say(writer, path.partition("status=")[2] or "200 OK")
        return True

    def _say(self, writer: asyncio.StreamWriter, status: str) -> None:
        body = self.name.encode()
        writer.write(b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n%s" % (status.encode(), len(body), body))


@contextmanager
def patients(*names: str) -> Iterator[list[Patient]]:
    """Run an instance of each name until the block ends."""
    started = [Patient(name) for name in names]
    for one in started:
        one.start()
    try:
        yield started
    finally:
        for one in started:
            one.stop()
