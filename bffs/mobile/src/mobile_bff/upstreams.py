"""What we read of services: the fields that a phone shows, of documents several times their size."""

from collections.abc import Iterable

import msgspec
from colonnade_runtime import Page, PageQuery, Query, Request, path

BAD_QUERY = (400, 422)
"""A service's word for a cursor that is none of its own, which only the client can have brought."""


class Money(msgspec.Struct, frozen=True):
    """A decimal amount and its ISO 4217 currency."""

    amount: str
    currency: str


class Image(msgspec.Struct, frozen=True):
    """A picture."""

    url: str


class Loyalty(msgspec.Struct, frozen=True):
    """Where the user stands in the loyalty programme."""

    tier: str
    points: int


class User(msgspec.Struct, frozen=True):
    """A user."""

    name: str
    avatar: Image
    loyalty: Loyalty


class OrderItem(msgspec.Struct, frozen=True):
    """So many of one product."""

    product_id: str
    quantity: int


class Order(msgspec.Struct, frozen=True):
    """An order; `placed_at` is RFC 3339."""

    id: str
    status: str
    placed_at: str
    total: Money
    items: list[OrderItem]


class Product(msgspec.Struct, frozen=True):
    """A product, as lists show it."""

    id: str
    name: str
    price: Money
    images: list[Image]


class Named(msgspec.Struct, frozen=True):
    """A product, where its name will do."""

    id: str
    name: str


async def get_user(request: Request) -> User:
    """The user who asks."""
    return await request.get("user", path("/users/{}", request.user_id), User)


async def get_orders(request: Request, page: PageQuery) -> Page[Order]:
    """The user's orders, newest first."""
    query: Query = {"user_id": request.user_id, "limit": page.limit, "cursor": page.cursor}
    return await request.get("order", "/orders", Page[Order], query, pass_on=BAD_QUERY)


async def get_products(request: Request, page: PageQuery) -> Page[Product]:
    """Products of the catalogue."""
    query: Query = {"limit": page.limit, "cursor": page.cursor}
    return await request.get("product", "/products", Page[Product], query, pass_on=BAD_QUERY)


async def get_names(request: Request, ids: Iterable[str]) -> dict[str, str]:
    """The names of up to 100 products, by id."""
    found = await request.get("product", "/products", Page[Named], {"ids": ",".join(sorted(ids))})
    return {product.id: product.name for product in found.items}
