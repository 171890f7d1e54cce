"""The connections to one origin."""

import asyncio
from collections import deque
from contextlib import suppress
from ssl import SSLContext

from colonnade_runtime.connections.connection import Connection, Stale
from colonnade_runtime.connections.deadlines import Deadlines
from colonnade_runtime.upstream.call import Reply

CONNECT_S = 1.0
"""A service in the same data centre accepts a connection sooner, or not at all."""
IDLE_S = 4.0
"""Some servers close connections that are idle for 5 s; one about to be closed is of no use."""


class Pool:
    """Connections to a host and port, the one used last taken first; as many as there are calls at once."""

    def __init__(
        self, host: str, port: int, tls: SSLContext | None, deadlines: Deadlines, max_answer: int
    ) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._deadlines = deadlines
        self._max_answer = max_answer
        self._loop = asyncio.get_running_loop()
        self._idle: deque[Connection] = deque()

    async def ask(self, request: bytes, ends: float, *, repeatable: bool) -> Reply:
        """Send a request, and return the answer.

        A kept connection may have been closed just now: what is `repeatable` is then sent once more, on a new
        one. Raises as `Connection.ask` does, and `OSError` where there is no connection.
        """
        connection = self._kept()
        if connection is not None:
            try:
                return await self._asked(connection, request, ends)
            except Stale:
                if not repeatable:
                    raise
        return await self._asked(await self._connected(ends), request, ends)

    def close(self) -> None:
        """Close what is kept."""
        while self._idle:
            self._idle.pop().close()

    async def _asked(self, connection: Connection, request: bytes, ends: float) -> Reply:
        reply = await connection.ask(request, ends)
        if connection.reusable:
            connection.idle_since = self._loop.time()
            self._idle.append(connection)
        return reply

    def _kept(self) -> Connection | None:
        """Return a connection that is open, as far as we know; let go of one that nobody needed for long."""
        idle = self._idle
        if idle and idle[0].idle_since + IDLE_S < self._loop.time():
            idle.popleft().close()
        return idle.pop() if idle else None

    async def _connected(self, ends: float) -> Connection:
        """Return a new connection. Raises `TimeoutError` when it `ends`, `OSError` where there is none."""
        within = self._loop.time() + CONNECT_S
        try:
            async with asyncio.timeout_at(min(within, ends)):
                _, connection = await self._loop.create_connection(
                    self._made, self._host, self._port, ssl=self._tls
                )
        except TimeoutError as error:
            if ends <= within:
                raise
            raise ConnectionError(f"no connection within {CONNECT_S:g} s") from error
        return connection

    def _made(self) -> Connection:
        return Connection(self._deadlines, self._max_answer, self._lost)

    def _lost(self, connection: Connection) -> None:
        with suppress(ValueError):
            self._idle.remove(connection)
