"""The connections to one origin."""

import asyncio
import ssl
from collections import deque
from urllib.parse import urlsplit

from colonnade_runtime.connections.connection import Connection
from colonnade_runtime.connections.deadlines import Deadlines

CONNECT_S = 1.0
"""A service in the same data centre accepts a connection sooner, or not at all."""
IDLE_S = 4.0
"""Some servers close connections that are idle for 5 s; one about to be closed is of no use."""


class Pool:
    """Connections to the origin of a URL, the one used last taken first; as many as there are calls at once.

    `host` is what requests say of it. Under mTLS it is `shown` a certificate; its own has to be of `peer`.
    """

    def __init__(
        self,
        url: str,
        deadlines: Deadlines,
        max_answer: int,
        shown: ssl.SSLContext | None = None,
        peer: str | None = None,
    ) -> None:
        parts = urlsplit(url)
        self.host = parts.netloc.rpartition("@")[2]
        self._tls = shown or ssl.create_default_context() if parts.scheme == "https" else None
        self._address = parts.hostname or "", parts.port or (443 if self._tls else 80)
        self._peer = peer
        self._deadlines = deadlines
        self._max_answer = max_answer
        self._loop = asyncio.get_running_loop()
        self._idle: deque[Connection] = deque()

    def kept(self, now: float) -> Connection | None:
        """Return a connection that is open, as far as we know; let go of one that nobody needed for long."""
        idle = self._idle
        if idle and idle[0].idle_since + IDLE_S < now:
            idle[0].close()
        return idle.pop() if idle else None

    async def connected(self, ends: float) -> Connection:
        """Return a new connection. Raises `TimeoutError` when it `ends`, `OSError` where there is none."""
        within = self._loop.time() + CONNECT_S
        try:
            async with asyncio.timeout_at(min(within, ends)):
                _, connection = await self._loop.create_connection(
                    self._made, *self._address, ssl=self._tls, server_hostname=self._peer
                )
        except TimeoutError as error:
            if ends <= within:
                raise
            raise ConnectionError(f"no connection within {CONNECT_S:g} s") from error
        return connection

    def close(self) -> None:
        """Close what is kept."""
        while self._idle:
            self._idle[0].close()

    def _made(self) -> Connection:
        return Connection(self._deadlines, self._idle, self._max_answer)
