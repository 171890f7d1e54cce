"""Calls to services: what goes down, what comes back, how long it may take."""

import asyncio

import msgspec
import pytest
from colonnade_runtime import App, Request, declared, delete, get, post
from colonnade_runtime.testing import AppClient, FakeUpstreams
from colonnade_runtime.upstream import Call

FROM_THE_EDGE = {
    "x-user-id": "alice",
    "x-user-email": "alice@example.com",
    "x-user-roles": "user,admin",
    "x-client-id": "mobile",
    "x-request-id": "r-1",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}


class Order(msgspec.Struct):
    id: str
    total: int


class Wish(msgspec.Struct):
    user_id: str


@get("order", "/orders/1", pass_on=(404, 409))
async def first_order() -> Order:
    declared()


@delete("order", "/orders/1", pass_on=(404,))
async def cancel_first() -> None:
    declared()


@post("order", "/orders")
async def place_order(body: Wish) -> Order:
    declared()


async def order(request: Request) -> Order:
    return await first_order(request)


async def cancel(request: Request) -> str:
    await cancel_first(request)
    return "cancelled"


async def place(request: Request) -> Order:
    return await place_order(request, Wish(request.user_id))


def shop(answers: dict[str, object], *, call_timeout: float = 2.0, deadline: float = 4.0) -> AppClient:
    app = App("shop", services=["order"], call_timeout=call_timeout, deadline=deadline)
    app.get("/order")(order)
    app.post("/orders")(place)
    app.delete("/order")(cancel)
    return AppClient(app, FakeUpstreams(answers), FROM_THE_EDGE)


async def test_an_answer_is_read_as_the_fields_that_are_named() -> None:
    client = shop({"order GET /orders/1": {"id": "1", "total": 5, "history": ["much", "more"]}})

    assert {"id": "1", "total": 5} == (await client.get("/order")).json()


async def test_identity_and_trace_go_down_and_nothing_else() -> None:
    client = shop({"order GET /orders/1": {"id": "1", "total": 5}})

    await client.get("/order", cookie="secret", authorization="secret", x_forwarded_for="10.0.0.1")

    assert FROM_THE_EDGE | {"accept": "application/json"} == client.upstreams.calls[0].headers


async def test_a_body_goes_down_as_json() -> None:
    client = shop({"order POST /orders": {"id": "1", "total": 5}})

    await client.post("/orders", {})

    call = client.upstreams.calls[0]
    assert (b'{"user_id":"alice"}', "application/json") == (call.body, call.headers["content-type"])


@pytest.mark.parametrize(
    ("deadline", "call_timeout", "at_most"), [(4.0, 2.0, 2.0), (1.0, 2.0, 0.85), (2.0, 0.5, 0.5)]
)
async def test_a_call_ends_in_time_for_the_deadline(
    deadline: float, call_timeout: float, at_most: float
) -> None:
    client = shop({}, deadline=deadline, call_timeout=call_timeout)

    await client.get("/order")

    call = client.upstreams.calls[0]
    assert 0 < call.ends - call.began <= at_most


DEEP = msgspec.Raw(b'{"id": "1", "total": 5, "more": ' + b"[" * 10_000 + b"]" * 10_000 + b"}")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (500, 502),
        (401, 502),
        (302, 502),
        (404, 404),
        (409, 409),
        (DEEP, 502),
        ({"id": 1}, 502),
        ({"id": "1"}, 502),
        ("no object", 502),
    ],
)
async def test_what_a_service_does_wrong_is_not_the_clients_fault(answer: object, status: int) -> None:
    told = await shop({"order GET /orders/1": answer}).get("/order")

    assert (status, "application/problem+json") == (told.status, told.headers["content-type"])
    assert "order" in told.json()["detail"] or status == answer


@pytest.mark.parametrize(("answer", "status"), [(204, 200), ({"id": "1"}, 200), (404, 404), (500, 502)])
async def test_of_a_call_that_returns_none_nothing_is_read(answer: object, status: int) -> None:
    told = await shop({"order DELETE /orders/1": answer}).request("DELETE", "/order")

    assert status == told.status


async def test_a_service_that_hangs_in_a_test_is_late_as_in_a_process() -> None:
    async def never(_call: Call) -> None:
        await asyncio.Event().wait()

    told = await shop({"order GET /orders/1": never}, call_timeout=0.01).get("/order")

    assert (504, "The order service did not answer in time.") == (told.status, told.json()["detail"])
