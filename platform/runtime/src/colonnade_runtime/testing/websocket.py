"""A WebSocket's client, in the process of the application."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import msgspec
from colonnade_runtime.rsgi import WebSocketProtocol


class Refused(AssertionError):  # noqa: N818 - what happened
    """The client was not taken in; `status` is the HTTP answer's."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the WebSocket was refused with {status}")
        self.status = status


class _Message(NamedTuple):
    """A message, as RSGI has it."""

    kind: int
    data: bytes | str


LEFT = _Message(0, b"")
ENDED = object()


class ClientSocket:
    """A client: what it sends and has been sent. It is RSGI's protocol and transport as well.

    The runtime's pings are answered while `answers_pings`, and not received; its last message is `closing`.
    `took` are all messages as they came; `room` is how many more it takes, None for any number.
    """

    def __init__(self) -> None:
        self._up: asyncio.Queue[_Message] = asyncio.Queue()
        self._down: asyncio.Queue[Any] = asyncio.Queue()
        self.taken_in = asyncio.Event()
        self.status: int | None = None
        self.closing: dict[str, Any] | None = None
        self.answers_pings = True
        self.took: list[bytes | str] = []
        self.room: int | None = None
        self._left = False

    @property
    def unread(self) -> int:
        """How many of the messages sent were not read yet."""
        return self._up.qsize()

    async def send(self, message: object) -> None:
        """Send a message, as JSON."""
        await self.send_text(msgspec.json.encode(message).decode())

    async def send_text(self, text: str) -> None:
        """Send a text, whatever it says."""
        self._up.put_nowait(_Message(2, text))

    async def send_packed(self, message: object) -> None:
        """Send a message, as MessagePack."""
        self._up.put_nowait(_Message(1, msgspec.msgpack.encode(message)))

    async def receive(self) -> Any:  # noqa: ANN401 - whatever it was
        """Return the next message. Raises `EOFError` where the other side has ended it."""
        message = await self._down.get()
        if message is ENDED:
            self._down.put_nowait(ENDED)
            raise EOFError(self.closing)
        return message

    def leave(self) -> None:
        """Close it from this side."""
        self._left = True
        self._up.put_nowait(LEFT)

    async def accept(self) -> "_Transport":
        """Take the client in."""
        self.taken_in.set()
        return _Transport(self, self._up)

    def close(self, status: int | None = None) -> None:
        """End it."""
        self.status = status
        self._down.put_nowait(ENDED)

    async def take(self, data: bytes | str, message: Any) -> None:  # noqa: ANN401 - as above
        """Take a message of the application's. Raises `RuntimeError`, as Granian does, where it has left."""
        if self._left:
            raise RuntimeError("the client has left")
        if self.room is not None:
            if not self.room:
                await asyncio.Event().wait()
            self.room -= 1
        self.took.append(data)
        kind = message.get("type") if isinstance(message, dict) else None
        if kind == "close":
            self.closing = message
        elif kind != "ping":
            self._down.put_nowait(message)
        elif self.answers_pings:
            await self.send({"type": "pong"})


class _Transport:
    """The application's side."""

    def __init__(self, client: ClientSocket, messages: "asyncio.Queue[_Message]") -> None:
        self._client = client
        self._messages = messages

    async def receive(self) -> _Message:
        return await self._messages.get()

    async def send_bytes(self, data: bytes) -> None:
        await asyncio.sleep(0)  # as over a network: others run meanwhile
        await self._client.take(data, msgspec.msgpack.decode(data))

    async def send_str(self, data: str) -> None:
        await asyncio.sleep(0)  # as above
        await self._client.take(data, msgspec.json.decode(data))


@asynccontextmanager
async def conversation(
    talk: Callable[[WebSocketProtocol], Awaitable[None]],
) -> AsyncIterator[ClientSocket]:
    """Have `talk` answer a client, which is taken in when the context begins, and leaves at its end."""
    client = ClientSocket()
    talking = asyncio.ensure_future(talk(client))
    taken_in = asyncio.create_task(client.taken_in.wait())
    try:
        await asyncio.wait({talking, taken_in}, return_when=asyncio.FIRST_COMPLETED)
        if not client.taken_in.is_set():
            await talking
            raise Refused(client.status or 500)
        yield client
        client.leave()
        await talking
    finally:
        taken_in.cancel()
        talking.cancel()
