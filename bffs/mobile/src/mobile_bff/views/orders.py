"""`/orders`: the user's orders, newest first, and placing one."""

import msgspec
from colonnade_runtime import Answer, Page, PageQuery, Request

from mobile_bff.upstreams import Money, NewOrder, Order, OrderItem, orders_of, place


class OrderLine(msgspec.Struct, frozen=True):
    """An order in a list; `placed_at` is RFC 3339, `items` counts pieces."""

    id: str
    status: str
    placed_at: str
    total: Money
    items: int


class Wish(msgspec.Struct, frozen=True):
    """What a phone orders."""

    items: list[OrderItem]


async def orders(request: Request) -> Page[OrderLine]:
    """The orders of the user who asks, page by page."""
    asked = request.query(PageQuery)
    page = await orders_of(request, request.user_id, asked.limit, asked.cursor)
    return Page([_line(one) for one in page.items], page.next_cursor)


async def order(request: Request) -> Answer:
    """Place an order. A phone that heard no answer sends it again with the same Idempotency-Key."""
    wish = await request.body(Wish)
    # The keys of two users may be the same by chance, and the service knows all keys as one.
    key = request.idempotency_key and f"{request.user_id}:{request.idempotency_key}"
    placed = await place(request, NewOrder(request.user_id, wish.items), key)
    return Answer(_line(placed), 201)


def _line(one: Order) -> OrderLine:
    return OrderLine(one.id, one.status, one.placed_at, one.total, sum(item.quantity for item in one.items))
