"""What the type checker says to callers: checked by mypy, never run.

An ignored error that is none is an error itself, so each line below holds that mypy refuses it.
"""

from typing import assert_type

import msgspec
from colonnade_runtime import FanOut, Page, Request, declared, get, post


class Order(msgspec.Struct, frozen=True):
    id: str


@get("order", "/orders")
async def orders_of(user_id: str, limit: int = 20, cursor: str | None = None) -> Page[Order]:
    declared()


@post("order", "/orders")
async def place(body: Order) -> Order:
    declared()


async def right(request: Request) -> None:
    assert_type(await orders_of(request, "alice"), Page[Order])
    assert_type(await orders_of(request, user_id="alice", limit=3), Page[Order])
    assert_type(await place(request, Order("1")), Order)
    async with FanOut(request) as fan:
        orders = fan.required(orders_of(request, "alice", cursor="abc"))
    assert_type(orders.result(), Page[Order])


async def wrong(request: Request) -> None:
    await orders_of("alice")  # type: ignore[arg-type, call-arg]
    await orders_of(request)  # type: ignore[call-arg]
    await orders_of(request, 1)  # type: ignore[arg-type]
    await orders_of(request, "alice", limit="3")  # type: ignore[arg-type]
    await orders_of(request, "alice", colour="red")  # type: ignore[call-arg]
    await place(request, {"id": "1"})  # type: ignore[arg-type]
    (await orders_of(request, "alice")).items[0].total  # type: ignore[attr-defined]  # noqa: B018
