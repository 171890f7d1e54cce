"""`GET /home`: the first screen in one answer of less than a kilobyte."""

import msgspec
from colonnade_runtime import FanOut, Page, Request

from mobile_bff.upstreams import Money, Named, Order, Product, User, catalogue, names_of, orders_of, user_with
from mobile_bff.views.products import Card, card

NEWEST = 3
FEATURED = 3
NO_ORDERS: Page[Order] = Page([])
NO_PRODUCTS: Page[Product] = Page([])
NO_NAMES: Page[Named] = Page([])


class Profile(msgspec.Struct, frozen=True):
    """Who is greeted."""

    name: str
    avatar: str
    tier: str
    points: int


class HomeOrder(msgspec.Struct, frozen=True):
    """An order in one line: the name of its first product, and of how many more."""

    id: str
    status: str
    total: Money
    title: str
    more: int


class Home(msgspec.Struct, frozen=True):
    """The first screen; `degraded` names what is missing because its service failed."""

    user: Profile
    orders: list[HomeOrder]
    featured: list[Card]
    degraded: list[str]


async def home(request: Request) -> Home:
    """The user, their newest orders and what is featured; without the user there is no screen."""
    async with FanOut(request) as fan:
        user = fan.required(user_with(request, request.user_id))
        orders = fan.required(_orders(request, fan))
        featured = fan.optional("featured", catalogue(request, FEATURED), NO_PRODUCTS)
    return Home(
        _profile(user.result()),
        orders.result(),
        [card(product) for product in featured.result().items],
        fan.degraded,
    )


async def _orders(request: Request, fan: FanOut) -> list[HomeOrder]:
    """The newest orders, named after their first products as far as those can be had."""
    page = await fan.attempt("orders", orders_of(request, request.user_id, NEWEST), NO_ORDERS)
    ids = sorted({order.items[0].product_id for order in page.items if order.items})
    named = await fan.attempt("order_titles", names_of(request, ids), NO_NAMES) if ids else NO_NAMES
    names = {product.id: product.name for product in named.items}
    return [_line(order, names) for order in page.items]


def _line(order: Order, names: dict[str, str]) -> HomeOrder:
    title = names.get(order.items[0].product_id, "") if order.items else ""
    return HomeOrder(order.id, order.status, order.total, title, max(len(order.items) - 1, 0))


def _profile(user: User) -> Profile:
    return Profile(user.name, user.avatar.url, user.loyalty.tier, user.loyalty.points)
