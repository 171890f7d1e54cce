"""The GraphQL schema: what the front end may ask for."""

from functools import partial

import strawberry
from colonnade_runtime import Page, Request, attempt
from colonnade_runtime.graphql_pages import DEFAULT_ITEMS, Connection, checked, connection
from strawberry import Info

from web_bff import upstreams

Context = Info[Request, None]
NO_ORDERS: Page[upstreams.Order] = Page([])


@strawberry.type
class Money:
    """A decimal amount such as 9.90, and its ISO 4217 currency."""

    amount: str
    currency: str


@strawberry.type
class Product:
    """A product of the catalogue."""

    id: strawberry.ID
    name: str
    price: Money


@strawberry.type
class OrderItem:
    """So many of one product; the product is null where it is sold no longer."""

    quantity: int
    product_id: strawberry.Private[str]

    @strawberry.field
    async def product(self, info: Context) -> Product | None:
        """The product; those of all orders are read together."""
        found = await upstreams.product_with(info.context, self.product_id)
        return _product(found) if found else None


@strawberry.type
class Order:
    """An order."""

    id: strawberry.ID
    status: str
    total: Money
    items: list[OrderItem]


@strawberry.type
class User:
    """A user of the shop."""

    id: strawberry.ID
    name: str
    email: str

    @strawberry.field
    async def orders(self, info: Context, first: int | None = DEFAULT_ITEMS) -> list[Order]:
        """The newest orders, at most 100; none, and `extensions.degraded`, where they cannot be had."""
        request = info.context
        call = upstreams.orders_of(request, request.user_id, checked(first))
        page = await attempt(request, "me.orders", call, NO_ORDERS)
        return [_order(order) for order in page.items]


@strawberry.type
class Query:
    """Where every query begins."""

    @strawberry.field
    async def me(self, info: Context) -> User:
        """The user who asks."""
        request = info.context
        user = await upstreams.user_with(request, request.user_id)
        return User(id=strawberry.ID(user.id), name=user.name, email=user.email)

    @strawberry.field
    async def products(
        self, info: Context, first: int | None = DEFAULT_ITEMS, after: str | None = None
    ) -> Connection[Product]:
        """The catalogue from behind `after`, at most 100 products."""
        return await connection(partial(upstreams.catalogue, info.context), _product, first, after)

    @strawberry.field
    async def product(self, info: Context, id: strawberry.ID) -> Product | None:  # noqa: A002 - GraphQL's name
        """One product, or null."""
        found = await upstreams.product_with(info.context, str(id))
        return _product(found) if found else None


def _product(product: upstreams.Product) -> Product:
    return Product(id=strawberry.ID(product.id), name=product.name, price=_money(product.price))


def _money(money: upstreams.Money) -> Money:
    return Money(amount=money.amount, currency=money.currency)


def _order(order: upstreams.Order) -> Order:
    items = [OrderItem(quantity=item.quantity, product_id=item.product_id) for item in order.items]
    return Order(id=strawberry.ID(order.id), status=order.status, total=_money(order.total), items=items)


schema = strawberry.Schema(query=Query)
