"""`GET /orders/{id}/events`: what becomes of an order, as it happens (server-sent events)."""

from collections.abc import AsyncIterator

import msgspec
from colonnade_runtime import Answer, Changes, Event, Events, NotFound, Request, Watch, declared, get

LAST = frozenset({"delivered", "cancelled"})
"""After these nothing becomes of an order."""


class Step(msgspec.Struct, frozen=True):
    """A status, and since when; `at` is RFC 3339."""

    status: str
    at: str


class Order(msgspec.Struct, frozen=True):
    """What has become of an order so far."""

    user_id: str
    status: str
    history: list[Step]


@get("order", "/orders/{order_id}", pass_on=(404,))
async def order_with(order_id: str) -> Order:
    """One order."""
    declared()


@get("order", "/order-changes", shared=True)
async def order_changes(after: int | None = None, wait: float = 1.0) -> Changes:
    """The orders that have changed, as soon as there are any."""
    declared()


changed = Watch(order_changes)


async def order_events(request: Request) -> Events | Answer:
    """Every step of one of the user's orders, from the first one that the client does not know.

    The stream ends with the order's last step; a client that comes back after that is told by 204 not to.
    """
    order = await _order(request)
    known = _known(request)
    if order.status not in LAST:
        return Events(_steps_to_come(request, known))
    return Events(_steps(order, known)) if known < len(order.history) else Answer(None, 204)


async def _steps_to_come(request: Request, known: int) -> AsyncIterator[Event]:
    async with changed.of(request, request.parameters["id"]) as bell:
        while True:
            order = await _order(request)
            async for step in _steps(order, known):
                yield step
            if order.status in LAST:
                return
            known = len(order.history)
            await bell.rung()


async def _steps(order: Order, known: int) -> AsyncIterator[Event]:
    for number, step in enumerate(order.history[known:], known + 1):
        yield Event(step, id=str(number), event="status")


async def _order(request: Request) -> Order:
    order = await order_with(request, request.parameters["id"])
    if order.user_id != request.user_id:
        raise NotFound("There is no such order.")
    return order


def _known(request: Request) -> int:
    """How many steps the client has had: the id of its last event."""
    told = request.last_event_id or ""
    return int(told) if told.isascii() and told.isdecimal() else 0
