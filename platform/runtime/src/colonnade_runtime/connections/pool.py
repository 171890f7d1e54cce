"""The connections to one origin."""

import asyncio
import socket
import ssl
from collections import deque
from contextlib import suppress
from ipaddress import ip_address
from typing import Any
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
        self._is_address = _is_address(self._address[0])
        self._looked_up: asyncio.Future[list[Any]] | None = None
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
                connection = await self._opened()
        except TimeoutError as error:
            if ends <= within:
                raise
            raise ConnectionError(f"no connection within {CONNECT_S:g} s") from error
        return connection

    async def _opened(self) -> Connection:
        *others, last = await self._addresses()
        for address in others:
            with suppress(OSError):
                return await self._open(*address)
        return await self._open(*last)

    async def _open(self, host: str, port: int) -> Connection:
        name = (self._peer or self._address[0]) if self._tls else None
        _, connection = await self._loop.create_connection(
            self._made, host, port, ssl=self._tls, server_hostname=name
        )
        return connection

    async def _addresses(self) -> list[tuple[str, int]]:
        """Return where the host is; who asks while it is looked up waits for the same answer.

        A name that nobody answers for takes a thread for many seconds, and all hosts share a few of them.
        """
        if self._is_address:
            return [self._address]
        if self._looked_up is None or self._looked_up.done():
            self._looked_up = asyncio.ensure_future(
                self._loop.getaddrinfo(*self._address, type=socket.SOCK_STREAM)
            )
            self._looked_up.add_done_callback(_heard)
        return [(str(found[4][0]), int(found[4][1])) for found in await asyncio.shield(self._looked_up)]

    def close(self) -> None:
        """Close what is kept."""
        while self._idle:
            self._idle[0].close()

    def _made(self) -> Connection:
        return Connection(self._deadlines, self._idle, self._max_answer)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _heard(looked_up: "asyncio.Future[list[Any]]") -> None:
    """Take note of a failure that nobody waits for any more."""
    if not looked_up.cancelled():
        looked_up.exception()
