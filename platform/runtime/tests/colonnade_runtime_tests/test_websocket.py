"""WebSockets: typed messages, bounds, and how they end."""

import asyncio
from collections.abc import AsyncGenerator

import msgspec
import pytest
from colonnade_runtime import (
    App,
    Bounds,
    Invalid,
    Request,
    WebSocket,
    declared,
    get,
)
from colonnade_runtime.rsgi import WebSocketTransport
from colonnade_runtime.testing import AppClient, FakeUpstreams, Refused
from colonnade_runtime.testing.client import _Exchange

ALICE = {"x-user-id": "alice"}


class Add(msgspec.Struct, frozen=True):
    number: int


class Sum(msgspec.Struct, frozen=True):
    total: int


@get("order", "/orders/{order_id}", pass_on=(404,))
async def order_with(order_id: str) -> int:
    declared()


class Room:
    """Views that talk, and what became of them."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.handled: list[int] = []
        self.app = App("room", services=["order"], caller="user", deadline=0.2)
        self.app.websocket("/sums")(self.sums)
        self.app.websocket("/orders/{id}")(self.order)
        self.app.websocket("/tell")(self.tell)
        self.app.websocket("/notes")(self.notes)
        self.app.websocket("/stuck", Bounds(heartbeat=0.05))(self.stuck)
        self.app.websocket("/fail")(self.fail)
        self.app.websocket("/small", Bounds(message=20))(self.sums)
        self.app.websocket("/silent", Bounds(heartbeat=0.02, idle=0.1))(self.sums)
        self.app.websocket("/slow", Bounds(send=0.05))(self.tell)
        self.client = AppClient(self.app, FakeUpstreams({"order GET /orders/1": 1}), ALICE)

    async def sums(self, _request: Request, socket: WebSocket[Add, Sum]) -> None:
        total = 0
        async for message in socket:
            total += message.number
            await socket.send(Sum(total))
        self.ended.set()

    async def notes(self, _request: Request, socket: WebSocket[Add, Sum]) -> None:
        async for message in socket:
            self.handled.append(message.number)

    async def order(self, request: Request, socket: WebSocket[Add, Sum]) -> None:
        start = await order_with(request, request.parameters["id"])
        async for message in socket:
            await socket.send(Sum(start + message.number))

    async def tell(self, _request: Request, socket: WebSocket[Add, Sum]) -> None:
        async with socket.sending(self._numbers()):
            async for _message in socket:
                pass

    async def _numbers(self) -> AsyncGenerator[Sum, None]:
        try:
            for number in range(1_000_000):
                yield Sum(number)
        finally:
            self.ended.set()

    async def stuck(self, _request: Request, socket: WebSocket[Add, Sum]) -> None:
        await socket.send(Sum(0))
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()

    async def fail(self, request: Request, socket: WebSocket[Add, Sum]) -> None:
        async for message in socket:
            match message.number:
                case 0:
                    raise Invalid("Zero adds nothing.")
                case 1:
                    await order_with(request, "broken")
                case _:
                    raise RuntimeError("secret")


@pytest.fixture
async def room() -> Room:
    return Room()


async def test_messages_are_typed_both_ways(room: Room) -> None:
    async with room.client.websocket("/sums") as socket:
        await socket.send({"number": 3})
        assert {"total": 3} == await socket.receive()
        await socket.send_packed({"number": 4})
        assert {"total": 7} == await socket.receive()

    assert room.ended.is_set()
    assert (None, "1000") == (socket.closing, ended(room, "/sums"))


async def test_who_accepts_message_pack_is_sent_it(room: Room) -> None:
    async with room.client.websocket("/sums", accept="application/vnd.msgpack") as socket:
        await socket.send_packed({"number": 3})
        await socket.receive()

    assert [b"\x81\xa5total\x03"] == socket.took


async def test_what_fails_before_the_first_message_is_an_http_answer(room: Room) -> None:
    for path, headers, status in [
        ("/orders/2", {}, 404),
        ("/nowhere", {}, 404),
        ("/sums", {"x_user_id": ""}, 401),
    ]:
        with pytest.raises(Refused) as refused:
            async with room.client.websocket(path, **headers):
                pass
        assert status == refused.value.status


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"number": "many"}', "Expected `int`, got `str` - at `$.number`"),
        ('{"number": 1', "Input data was truncated"),
        ("[]", "Expected `object`, got `array`"),
        ('{"number": 1, "more": ' + "[" * 9_999 + "]" * 9_999 + "}", "it is nested too deep"),
    ],
)
async def test_what_cannot_be_read_ends_it_and_is_named(room: Room, text: str, reason: str) -> None:
    async with room.client.websocket("/sums") as socket:
        await socket.send_text(text)
        with pytest.raises(EOFError):
            await socket.receive()

    assert {"type": "close", "code": 1007, "reason": reason} == socket.closing


async def test_a_message_that_is_too_large_ends_it(room: Room) -> None:
    async with room.client.websocket("/small") as socket:
        await socket.send({"number": 1})
        assert {"total": 1} == await socket.receive()
        await socket.send({"number": 10**10})
        with pytest.raises(EOFError):
            await socket.receive()

    assert socket.closing is not None
    assert 1009 == socket.closing["code"]


@pytest.mark.parametrize(
    ("number", "code", "reason"),
    [
        (0, 4422, "Zero adds nothing."),
        (1, 1013, "The order service failed."),
        (2, 1011, "Something went wrong"),
    ],
)
async def test_an_error_ends_it_with_a_code(room: Room, number: int, code: int, reason: str) -> None:
    room.client.upstreams.answers["order GET /orders/broken"] = 400
    async with room.client.websocket("/fail") as socket:
        await socket.send({"number": number})
        with pytest.raises(EOFError):
            await socket.receive()

    assert socket.closing is not None
    assert code == socket.closing["code"]
    assert socket.closing["reason"].startswith(reason)
    assert "secret" not in socket.closing["reason"]


async def test_a_client_that_answers_pings_may_be_silent(room: Room) -> None:
    async with room.client.websocket("/silent") as socket:
        await asyncio.sleep(0.3)
        await socket.send({"number": 1})
        assert {"total": 1} == await socket.receive()


async def test_a_client_that_answers_no_pings_is_left(room: Room) -> None:
    async with room.client.websocket("/silent") as socket:
        socket.answers_pings = False
        with pytest.raises(EOFError):
            await socket.receive()

    assert socket.closing is not None
    assert 1001 == socket.closing["code"]


async def test_a_ping_of_the_client_is_answered(room: Room) -> None:
    async with room.client.websocket("/sums") as socket:
        await socket.send({"type": "ping"})
        assert {"type": "pong"} == await socket.receive()


async def test_what_was_said_before_the_client_left_is_handled(room: Room) -> None:
    async with room.client.websocket("/notes") as socket:
        for number in range(5):
            await socket.send({"number": number})

    assert [0, 1, 2, 3, 4] == room.handled


async def test_nothing_is_read_ahead_of_a_view_that_is_busy(room: Room) -> None:
    async with room.client.websocket("/stuck") as socket:
        socket.answers_pings = False
        for number in range(10):
            await socket.send({"number": number})
        await socket.receive()
        await asyncio.sleep(0.05)
        assert 8 == socket.unread


async def test_a_view_that_sends_ends_with_its_client(room: Room) -> None:
    async with room.client.websocket("/tell") as socket:
        assert [{"total": 0}, {"total": 1}] == [await socket.receive() for _ in range(2)]

    assert room.ended.is_set()


async def test_a_client_that_takes_nothing_is_dropped(room: Room) -> None:
    async with room.client.websocket("/slow") as socket:
        socket.room = 3
        await asyncio.wait_for(room.ended.wait(), 5)

    assert "1008" == ended(room, "/slow")


async def test_a_view_that_does_not_notice_is_ended_soon_after_its_client(room: Room) -> None:
    async with room.client.websocket("/stuck") as socket:
        await socket.receive()

    assert room.ended.is_set()


class Left:
    """A client that has left before it was taken in, as Granian tells it."""

    async def accept(self) -> WebSocketTransport:
        raise RuntimeError("closed")

    def close(self, status: int | None = None) -> None:
        raise RuntimeError(f"closed before {status}")


async def test_a_client_that_left_during_the_handshake_is_no_error(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    scope = _Exchange("GET", "/sums", "", dict(ALICE), b"", proto="ws")
    await room.client._handler.talk(scope, Left())

    assert not caplog.records
    assert "1000" == ended(room, "/sums")


async def test_a_process_that_stops_says_so(room: Room) -> None:
    async with room.client.websocket("/stuck") as socket:
        await socket.receive()
        await room.client.end_streams()
        with pytest.raises(EOFError):
            await socket.receive()

    assert {"type": "close", "code": 1012, "reason": "The service restarts."} == socket.closing


async def test_what_is_open_and_what_was_said_is_counted(room: Room) -> None:
    async with room.client.websocket("/sums") as socket:
        await socket.send({"number": 3})
        await socket.receive()
        during = room.client.metrics.splitlines()
    after = room.client.metrics.splitlines()

    assert 'colonnade_websockets_open{view="/sums"} 1' in during
    assert 'colonnade_websocket_messages_total{view="/sums",direction="received"} 1' in during
    assert 'colonnade_websocket_messages_total{view="/sums",direction="sent"} 1' in during
    assert 'colonnade_websockets_open{view="/sums"} 0' in after
    assert 'colonnade_websockets_ended_total{view="/sums",code="1000"} 1' in after


def test_a_view_says_what_it_reads() -> None:
    async def talk(request: Request, socket: object) -> None:
        pass

    with pytest.raises(TypeError, match="say what is read and sent"):
        App("room", services=[]).websocket("/")(talk)


def ended(room: Room, view: str) -> str:
    """The code with which the view's only WebSocket has ended."""
    lines = room.client.metrics.splitlines()
    start = f'colonnade_websockets_ended_total{{view="{view}",code="'
    (code,) = (line.removeprefix(start).split('"')[0] for line in lines if line.startswith(start))
    return code
