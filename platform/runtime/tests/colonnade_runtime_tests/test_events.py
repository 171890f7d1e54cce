"""Server-sent events: how they are written, and how streams end."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
from colonnade_runtime import App, Event, Events, Request, declared, get
from colonnade_runtime.testing import AppClient, FakeUpstreams


@get("order", "/orders/{order_id}", pass_on=(404,))
async def order_with(order_id: str) -> dict[str, str]:
    declared()


class Shop:
    """A view of one order, and what became of it."""

    def __init__(self, deadline: float = 4.0) -> None:
        self.closed = asyncio.Event()
        self.app = App("shop", services=["order"], deadline=deadline, call_timeout=2.0)
        self.app.get("/orders/{id}/live")(self.live)
        self.app.get("/silent")(self.silent)
        self.client = AppClient(self.app, FakeUpstreams({"order GET /orders/1": {"status": "paid"}}))

    async def live(self, request: Request) -> Events:
        order = request.parameters["id"]
        await order_with(request, order)
        return Events(self._changes(request, order))

    async def _changes(self, request: Request, order: str) -> AsyncIterator[Event]:
        try:
            for number in range(int(request.last_event_id or 0) + 1, 4):
                yield Event(await order_with(request, order), str(number), "order")
        finally:
            self.closed.set()

    async def silent(self, _request: Request) -> Events:
        return Events(self._silence(), heartbeat=0.01)

    async def _silence(self) -> AsyncIterator[Event]:
        await asyncio.sleep(0.1)
        yield Event("at last")


def event(number: int) -> bytes:
    return b'id: %d\nevent: order\ndata: {"status":"paid"}\n\n' % number


async def test_a_view_tells_events_until_there_are_no_more() -> None:
    answer = await Shop().client.get("/orders/1/live")

    assert (200, "text/event-stream", "no-store") == (
        answer.status,
        answer.headers["content-type"],
        answer.headers["cache-control"],
    )
    assert b"retry: 2000\n\n" + event(1) + event(2) + event(3) == answer.body


async def test_a_client_that_comes_back_is_told_what_it_missed() -> None:
    answer = await Shop().client.get("/orders/1/live", last_event_id="2")

    assert b"retry: 2000\n\n" + event(3) == answer.body


async def test_what_fails_before_the_first_event_is_a_problem() -> None:
    answer = await Shop().client.get("/orders/2/live")

    assert (404, "application/problem+json") == (answer.status, answer.headers["content-type"])


async def test_a_service_that_fails_later_ends_the_stream(caplog: pytest.LogCaptureFixture) -> None:
    shop = Shop()
    answers = iter([{"status": "paid"}, {"status": "paid"}, 400])
    shop.client.upstreams.answers["order GET /orders/1"] = lambda _call: next(answers)
    answer = await shop.client.get("/orders/1/live")

    assert b"retry: 2000\n\n" + event(1) == answer.body
    assert shop.closed.is_set()
    assert "/orders/1/live: the stream ended: order: answered 400" in caplog.text


async def test_silence_is_broken_by_comments() -> None:
    answer = await Shop().client.get("/silent")

    assert answer.body.startswith(b"retry: 2000\n\n:\n\n:\n\n")
    assert answer.body.endswith(b':\n\ndata: "at last"\n\n')


async def test_a_stream_outlives_the_deadline_of_requests() -> None:
    answer = await Shop(deadline=0.05).client.get("/silent")

    assert answer.body.endswith(b'data: "at last"\n\n')


async def test_head_is_told_the_kind_and_ends() -> None:
    answer = await Shop().client.request("HEAD", "/orders/1/live")

    assert (200, "text/event-stream", b"") == (answer.status, answer.headers["content-type"], answer.body)


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0b"])
def test_an_event_cannot_end_its_line(text: str) -> None:
    for wrong in ({"id": text}, {"event": text}):
        with pytest.raises(ValueError, match="one line"):
            Event(1, **wrong)

    assert b"data: %b\n\n" % msgspec.json.encode(text) == Event(text).encode()
