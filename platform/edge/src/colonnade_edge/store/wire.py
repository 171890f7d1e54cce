"""One connection to the store on which ticks travel: a payload leaves, its replies come back in order.

redis-py opens and authenticates the connection. Its machinery per command (a pool, streams, a retry loop,
response callbacks) would cost more than the decision, so payloads are written to the transport as they are,
and hiredis reads the replies.
"""

import asyncio
from collections.abc import Callable

from hiredis import Reader
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as StoreConnectionError

Reply = bytes | int | None | list[int] | Exception
OnReplies = Callable[[list[Reply]], None]
OnLost = Callable[[BaseException], None]


def command(*arguments: bytes) -> bytes:
    """Return one command in the Redis protocol."""
    parts = [b"$%d\r\n%b\r\n" % (len(argument), argument) for argument in arguments]
    return b"*%d\r\n%b" % (len(arguments), b"".join(parts))


class Wire(asyncio.Protocol):
    """A connection that carries one payload at a time."""

    def __init__(self, connection: AbstractConnection, on_lost: OnLost) -> None:
        self._connection = connection  # closes its transport when it is collected
        self._transport: asyncio.Transport = connection._writer.transport  # type: ignore[union-attr, assignment]  # noqa: SLF001 - redis-py has no public way to give its transport away
        self._transport.set_protocol(self)
        self._on_lost = on_lost
        self._reader = Reader()
        self._replies: list[Reply] = []
        self._expected = 0
        self._on_replies: OnReplies | None = None

    def send(self, payload: bytes, expected: int, on_replies: OnReplies) -> None:
        """Send a payload of `expected` commands; `on_replies` is called with as many replies."""
        self._expected = expected
        self._on_replies = on_replies
        self._transport.write(payload)

    def abort(self) -> None:
        """Close without waiting; nobody is called any more."""
        self._on_replies = None
        self._on_lost = _ignore
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Collect replies; hand them over when they are complete."""
        self._reader.feed(data)
        replies = self._replies
        while (reply := self._reader.gets()) is not False:
            replies.append(reply)
        if len(replies) >= self._expected and self._on_replies is not None:
            on_replies, self._on_replies, self._replies = self._on_replies, None, []
            on_replies(replies)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that the store went away."""
        self._on_lost(exc or StoreConnectionError("the store closed the connection"))


async def open_wire(redis: Redis, on_lost: OnLost) -> Wire:
    """Return a wire on a new, authenticated connection; raise what redis-py raises where there is none."""
    connection = redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]
    await connection.connect()
    return Wire(connection, on_lost)


def _ignore(_: BaseException) -> None:
    """Nothing is left to be told."""
