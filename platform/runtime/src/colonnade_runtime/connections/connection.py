"""One connection to a service."""

import asyncio
from collections.abc import Callable

from colonnade_runtime.connections.deadlines import Deadlines
from colonnade_runtime.upstream.call import Reply
from httptools import HttpParserError, HttpResponseParser

FINAL = 200
"""Statuses below are informational: the answer is still to come (RFC 9110 §15.2)."""
LENGTH, CODING = b"content-length", b"transfer-encoding"


class Stale(ConnectionError):  # noqa: N818 - the word for a kept connection that was closed meanwhile
    """A connection that had been used before ended without a byte of the answer."""


class TooLarge(Exception):  # noqa: N818 - says what the answer is
    """An answer has more bytes than are taken."""


class Connection(asyncio.Protocol):
    """A connection that carries one call at a time; its parser is llhttp, as in Node.

    An answer may have `max_answer` bytes, its head included. `idle_since` is on the loop's clock, in seconds.
    """

    __slots__ = (
        "_answer",
        "_deadlines",
        "_feed",
        "_headers",
        "_loop",
        "_lost",
        "_max_answer",
        "_parser",
        "_pieces",
        "_room",
        "_transport",
        "ends",
        "idle_since",
        "on_body",
        "on_header",
        "reusable",
        "used",
    )
    _transport: asyncio.Transport

    def __init__(self, deadlines: Deadlines, max_answer: int, lost: Callable[["Connection"], None]) -> None:
        self.ends = self.idle_since = 0.0
        self.reusable = self.used = False
        self._loop = asyncio.get_running_loop()
        self._deadlines = deadlines
        self._max_answer = max_answer
        self._lost = lost
        self._answer: asyncio.Future[Reply] | None = None
        self._room = 0
        self._headers: dict[bytes, bytes] = {}
        self._pieces: list[bytes] = []
        # What the parser finds is taken by functions in C, since there are some of each for each answer.
        self.on_header = self._headers.__setitem__
        self.on_body = self._pieces.append
        self._parser = HttpResponseParser(self)
        self._feed = self._parser.feed_data

    async def ask(self, request: bytes, ends: float) -> Reply:
        """Send a request, and return the answer.

        Afterwards the connection is `reusable`, or it is closed. Raises `TimeoutError` when it `ends`,
        `TooLarge`, or `ConnectionError` where there is no answer that can be read.
        """
        self.ends, self._room, self.reusable = ends, self._max_answer, False
        self._answer = self._loop.create_future()
        self._transport.write(request)
        self._deadlines.add(self)
        try:
            return await self._answer
        finally:
            self._deadlines.remove(self)
            self.used = True
            if not self.reusable:
                self.close()

    def close(self) -> None:
        """Close the connection at once."""
        self._fail(ConnectionAbortedError("closed"))

    def late(self) -> None:
        """Give up: the time is over."""
        self._fail(TimeoutError())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport  # type: ignore[assignment]  # a TCP connection's

    def data_received(self, data: bytes) -> None:
        """Read a piece of the answer; while there is no call, there is no room for any."""
        self._room -= len(data)
        if self._room < 0:
            self._fail(TooLarge())
            return
        try:
            self._feed(data)
        except HttpParserError as error:
            self._fail(ConnectionError(f"the answer is not HTTP: {error}"))
            return
        if self._answer is not None and self._told_length() > self._max_answer:
            self._fail(TooLarge())

    def on_message_begin(self) -> None:
        """See that there is no answer to what nobody asked."""
        if self._answer is None:
            self.reusable = False

    def on_message_complete(self) -> None:
        """Hand on a whole answer."""
        status = self._parser.get_status_code()
        if status >= FINAL:
            self.reusable = self._answer is not None and self._parser.should_keep_alive()
            self._finish(status)
        self._headers.clear()

    def eof_received(self) -> None:
        """End an answer that has no length: it ends with the connection (RFC 9112 §6.3)."""
        if self._pieces and LENGTH not in self._named() and CODING not in self._named():
            self._finish(self._parser.get_status_code())

    def connection_lost(self, error: Exception | None) -> None:
        """End: the other side closed the connection, or we did."""
        stale = self.used and self._room == self._max_answer
        self._fail((Stale if stale else ConnectionResetError)(str(error or "the connection was closed")))
        self._lost(self)

    def _told_length(self) -> int:
        """How long the answer says that it is; looked at where it is not all here at once."""
        return int(self._named().get(LENGTH, 0))

    def _named(self) -> dict[bytes, bytes]:
        return {name.lower(): value for name, value in self._headers.items()}

    def _finish(self, status: int) -> None:
        answer, self._answer, self._room = self._answer, None, 0
        pieces = self._pieces
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        if answer is not None and not answer.done():
            answer.set_result(Reply(status, body))

    def _fail(self, error: Exception) -> None:
        answer, self._answer, self.reusable = self._answer, None, False
        self._pieces.clear()
        if answer is not None and not answer.done():
            answer.set_exception(error)
        self._transport.abort()
