"""`GET /orders`: the user's orders, newest first."""

import msgspec
from colonnade_runtime import Page, PageQuery, Request

from mobile_bff.upstreams import Money, orders_of


class OrderLine(msgspec.Struct, frozen=True):
    """An order in a list; `placed_at` is RFC 3339, `items` counts pieces."""

    id: str
    status: str
    placed_at: str
    total: Money
    items: int


async def orders(request: Request) -> Page[OrderLine]:
    """The orders of the user who asks, page by page."""
    asked = request.query(PageQuery)
    page = await orders_of(request, request.user_id, asked.limit, asked.cursor)
    lines = [
        OrderLine(one.id, one.status, one.placed_at, one.total, sum(item.quantity for item in one.items))
        for one in page.items
    ]
    return Page(lines, page.next_cursor)
