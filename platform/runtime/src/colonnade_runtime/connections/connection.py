"""One connection to a service."""

import asyncio
from collections import deque
from contextlib import suppress
from math import inf

from colonnade_runtime.connections.deadlines import Deadlines
from colonnade_runtime.upstream.call import Reply
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

FINAL = 200
"""Statuses below are informational: the answer is still to come (RFC 9110 §15.2)."""
LENGTH, CODING = b"content-length", b"transfer-encoding"


class Stale(ConnectionError):  # noqa: N818 - the word for a kept connection that was closed meanwhile
    """A connection that had been used before ended without a byte of the answer."""


class TooLarge(Exception):  # noqa: N818 - says what the answer is
    """An answer has more bytes than are taken."""


class Connection(asyncio.Protocol):
    """A connection that carries one call at a time, and stands in `idle` between two; its parser is llhttp.

    An answer may have `max_answer` bytes, its head included. `idle_since` is on the loop's clock, in seconds.
    """

    __slots__ = (
        "_answer",
        "_deadlines",
        "_feed",
        "_headers",
        "_idle",
        "_lasts",
        "_loop",
        "_max_answer",
        "_parser",
        "_pieces",
        "_reply",
        "_room",
        "_surplus",
        "_transport",
        "_used",
        "ends",
        "idle_since",
        "on_body",
        "on_header",
    )
    _transport: asyncio.Transport

    def __init__(self, deadlines: Deadlines, idle: "deque[Connection]", max_answer: int) -> None:
        self.ends = inf
        self.idle_since = 0.0
        self._loop = asyncio.get_running_loop()
        self._deadlines = deadlines
        self._idle = idle
        self._max_answer = max_answer
        self._answer: asyncio.Future[Reply] | None = None
        self._reply: Reply | None = None
        self._room = 0
        self._used = self._surplus = self._lasts = False
        self._headers: dict[bytes, bytes] = {}
        self._pieces: list[bytes] = []
        # What the parser finds is taken by functions in C, since there are some of each for each answer.
        self.on_header = self._headers.__setitem__
        self.on_body = self._pieces.append
        self._parser = HttpResponseParser(self)
        self._feed = self._parser.feed_data

    async def ask(self, request: bytes, ends: float) -> Reply:
        """Send a request, and return the answer; the connection is idle then, or closed.

        Raises `TimeoutError` when it `ends`, `TooLarge`, or `ConnectionError` where there is no answer that
        can be read.
        """
        self._room = self._max_answer
        answer = self._answer = self._loop.create_future()
        self._transport.write(request)
        self.ends = ends
        if ends < self._deadlines.next:
            self._deadlines.look_at(ends)
        try:
            reply: Reply = await answer
        except asyncio.CancelledError:
            if self._answer is answer:  # else it has come meanwhile, and the connection is another's
                self.close()
            raise
        return reply

    def close(self) -> None:
        """Close the connection at once."""
        self._fail(ConnectionAbortedError("closed"))

    def late(self) -> None:
        """Give up: the time is over."""
        self._fail(TimeoutError())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport  # type: ignore[assignment]  # a TCP connection's
        self._deadlines.all.add(self)

    def data_received(self, data: bytes) -> None:
        """Read a piece of the answer; while there is no call, there is no room for any."""
        self._room -= len(data)
        if self._room < 0:
            self._fail(TooLarge())
            return
        try:
            self._feed(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if self._reply is None:
                self._fail(ConnectionError(f"the answer is not HTTP: {error}"))
                return
            self._surplus = True
        if self._reply is not None:
            self._finish(self._reply, keep=self._lasts and not self._surplus)
        elif self._told_length() > self._max_answer:
            self._fail(TooLarge())

    def on_message_begin(self) -> None:
        """See that there is no answer to what nobody asked."""
        self._surplus = self._reply is not None

    def on_message_complete(self) -> None:
        """See that an answer is whole, and whether the connection lasts."""
        status = self._parser.get_status_code()
        if status >= FINAL and not self._surplus:
            self._reply, self._lasts = self._read(status), self._parser.should_keep_alive()
        self._headers.clear()

    def eof_received(self) -> None:
        """End an answer that has no length: it ends with the connection (RFC 9112 §6.3)."""
        if self._pieces and LENGTH not in self._named() and CODING not in self._named():
            self._finish(self._read(self._parser.get_status_code()), keep=False)

    def connection_lost(self, error: Exception | None) -> None:
        """End: the other side closed the connection, or we did."""
        stale = self._used and self._room == self._max_answer
        self._fail((Stale if stale else ConnectionResetError)(str(error or "the connection was closed")))
        self._deadlines.all.discard(self)

    def _told_length(self) -> int:
        """How long the answer says that it is; looked at where it is not all here at once."""
        return int(self._named().get(LENGTH, 0))

    def _named(self) -> dict[bytes, bytes]:
        return {name.lower(): value for name, value in self._headers.items()}

    def _read(self, status: int) -> Reply:
        pieces = self._pieces
        reply = Reply(status, pieces[0] if len(pieces) == 1 else b"".join(pieces))
        pieces.clear()
        return reply

    def _finish(self, reply: Reply, *, keep: bool) -> None:
        """Hand on the answer, and the connection."""
        answer = self._answer
        self._answer, self._reply, self._room, self.ends, self._used = None, None, 0, inf, True
        if keep:
            self.idle_since = self._loop.time()
            self._idle.append(self)
        else:
            self._transport.abort()
        if answer is not None and not answer.done():
            answer.set_result(reply)

    def _fail(self, error: Exception) -> None:
        answer, self._answer, self._room, self.ends = self._answer, None, 0, inf
        self._pieces.clear()
        with suppress(ValueError):
            self._idle.remove(self)
        if answer is not None and not answer.done():
            answer.set_exception(error)
        self._transport.abort()
