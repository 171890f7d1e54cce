"""A WebSocket as a view has it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any, Generic, TypeVar

import msgspec
from colonnade_runtime.decoding import UNREADABLE, reason
from colonnade_runtime.encodings import Encoding
from colonnade_runtime.rsgi import WebSocketProtocol, WebSocketTransport
from colonnade_runtime.sockets.endings import LEFT, SILENT, SLOW, Closing, Code, Gone
from colonnade_runtime.sockets.messages import PING, PONG, Ping, Pong, Reader, write

In = TypeVar("In")
Out = TypeVar("Out")
LAST_WORD_S = 1.0
END = 0
"""The kind of a message that says that the client has left."""


class Bounds(msgspec.Struct, frozen=True):
    """Bytes of a message, and seconds.

    After `heartbeat` of our silence a ping is sent; after `idle` of the client's, pongs included, it ends.
    So it does where a message was not taken for `send`.
    """

    message: int = 64 * 1024
    heartbeat: float = 15.0
    idle: float = 60.0
    send: float = 10.0


class Traffic:
    """How many messages one view has had of its clients, and has sent to them."""

    __slots__ = ("received", "sent")

    def __init__(self) -> None:
        self.received = self.sent = 0


class WebSocket(Generic[In, Out]):
    """Messages of type `In` to read, by `async for`, and of type `Out` to `send`.

    The client is taken in with the first of either; what a view raises before is its HTTP answer. Nothing
    is read ahead of the view but one message, so a client that sends faster than it is served waits. The
    iteration ends with the client, or when it said what cannot be read, too much, or nothing for too long.
    """

    def __init__(
        self,
        protocol: WebSocketProtocol,
        reader: Reader[In],
        encoding: Encoding,
        bounds: Bounds,
        traffic: Traffic,
    ) -> None:
        self._protocol = protocol
        self._reader = reader
        self._encoding = encoding
        self._bounds = bounds
        self._traffic = traffic
        self._clock: Callable[[], float] = asyncio.get_running_loop().time
        self._heard = self._said = self._clock()
        self._transport: WebSocketTransport | None = None
        self._accepting = asyncio.Lock()
        self._inbox: asyncio.Queue[In | Closing] = asyncio.Queue(1)
        self._tasks: list[asyncio.Task[None]] = []
        self.over = asyncio.Event()
        self.ending: Closing | None = None

    @property
    def accepted(self) -> bool:
        """Whether the client was taken in."""
        return self._transport is not None

    def __aiter__(self) -> "WebSocket[In, Out]":
        """Iterate over what the client sends."""
        return self

    async def __anext__(self) -> In:
        """Return the next message; there is none after the end."""
        await self._open()
        message = await self._inbox.get()
        if isinstance(message, Closing):
            self._inbox.put_nowait(message)
            raise StopAsyncIteration
        return message

    async def send(self, message: Out) -> None:
        """Send a message; return when there is room for the next. Raises `Gone` after the end."""
        await self._send(message)
        self._traffic.sent += 1

    @asynccontextmanager
    async def sending(self, source: AsyncGenerator[Out, None]) -> AsyncIterator[None]:
        """Send what `source` yields, until it has no more or the context ends. What it raises ends both."""
        await self._open()
        try:
            async with asyncio.TaskGroup() as group:
                task = group.create_task(self._send_all(source))
                yield
                task.cancel()
        except BaseExceptionGroup as group_of_one:
            raise group_of_one.exceptions[0] from None

    async def finish(self, closing: Closing) -> Closing:
        """Tell the client why it ends, unless it knows, and end it. Return the first reason there was."""
        told = self._end(closing)
        for task in self._tasks:
            task.cancel()
        if self._transport is not None and told is not LEFT:
            with suppress(TimeoutError, RuntimeError):  # it may have gone, or take nothing
                async with asyncio.timeout(LAST_WORD_S):
                    await self._put(told)
        with suppress(RuntimeError):  # it is closed already
            self._protocol.close()
        return told

    async def _open(self) -> WebSocketTransport:
        async with self._accepting:
            if self._transport is None:
                try:
                    self._transport = await self._protocol.accept()
                except RuntimeError as error:  # Granian's word for a client that has left
                    self._end(LEFT)
                    raise Gone from error
                self._heard = self._said = self._clock()
                self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._watch())]
        return self._transport

    async def _send_all(self, source: AsyncGenerator[Out, None]) -> None:
        async with aclosing(source):
            async for message in source:
                await self.send(message)

    async def _send(self, message: Any) -> None:  # noqa: ANN401 - a view's message, or a sign
        await self._open()
        if self.ending is not None:
            raise Gone
        try:
            async with asyncio.timeout(self._bounds.send):
                await self._put(message)
        except TimeoutError:
            self._end(SLOW)
            raise Gone from None
        except RuntimeError as error:  # Granian's word for a client that has left
            self._end(LEFT)
            raise Gone from error

    async def _put(self, message: Any) -> None:  # noqa: ANN401 - as above
        self._said = self._clock()
        text = write(message, self._encoding)
        transport = await self._open()
        await (transport.send_bytes(text) if isinstance(text, bytes) else transport.send_str(text))

    async def _read(self) -> None:
        """Hand messages to the view one by one."""
        transport = await self._open()
        while self.ending is None:
            try:
                message = await transport.receive()
            except RuntimeError:  # Granian's word for a connection that broke
                self._end(LEFT)
                break
            self._heard = self._clock()
            if message.kind == END:
                self._end(LEFT)
            elif len(message.data) > self._bounds.message:
                self._end(Closing(Code.TOO_LARGE, f"A message has more than {self._bounds.message} bytes."))
            else:
                await self._take(message.data)
        await self._inbox.put(self.ending or LEFT)

    async def _take(self, data: bytes | str) -> None:
        try:
            message = self._reader.read(data)
        except UNREADABLE as error:
            self._end(Closing(Code.INVALID, reason(error)))
            return
        match message:
            case Ping():
                with suppress(Gone):
                    await self._send(PONG)
            case Pong():
                pass
            case _:
                self._traffic.received += 1
                await self._inbox.put(message)

    async def _watch(self) -> None:
        """Ask a client that is silent whether it is there; end it where it stays silent."""
        while self.ending is None:
            await asyncio.sleep(self._bounds.heartbeat)
            now = self._clock()
            if now - self._heard >= self._bounds.idle and self._inbox.empty():
                self._end(SILENT)
                await self._inbox.put(SILENT)
            elif now - self._said >= self._bounds.heartbeat:
                with suppress(Gone):
                    await self._send(PING)

    def _end(self, closing: Closing) -> Closing:
        """Note why it ends; return the reason: the first there was."""
        if self.ending is None:
            self.ending = closing
            self.over.set()
        return self.ending
