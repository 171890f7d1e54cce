"""`GET /home`: the start page in one answer, richer than a phone's."""

import msgspec
from colonnade_runtime import FanOut, Page, Request

from web_bff.upstreams import Image, Money, Order, Product, User, catalogue, orders_of, user_with

NEWEST_ORDERS = 5
FEATURED = 8
NO_ORDERS: Page[Order] = Page([])
NO_PRODUCTS: Page[Product] = Page([])


class Tile(msgspec.Struct, frozen=True):
    """A featured product; `image` is null where it has none."""

    id: str
    name: str
    price: Money
    image: Image | None


class Home(msgspec.Struct, frozen=True):
    """The start page; `degraded` names what is missing because its service failed."""

    user: User
    orders: list[Order]
    featured: list[Tile]
    degraded: list[str]


async def home(request: Request) -> Home:
    """The user, their newest orders and what is featured; without the user there is no page."""
    async with FanOut(request) as fan:
        user = fan.required(user_with(request, request.user_id))
        orders = fan.optional("orders", orders_of(request, request.user_id, NEWEST_ORDERS), NO_ORDERS)
        featured = fan.optional("featured", catalogue(request, FEATURED), NO_PRODUCTS)
    tiles = [_tile(product) for product in featured.result().items]
    return Home(user.result(), orders.result().items, tiles, fan.degraded)


def _tile(product: Product) -> Tile:
    image = product.images[0] if product.images else None
    return Tile(product.id, product.name, product.price, image)
