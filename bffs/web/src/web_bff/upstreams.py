"""What is read of the services: fields not named here are never decoded."""

from collections.abc import Sequence

import msgspec
from colonnade_runtime import Page, Query, Request, path

BAD_QUERY = (400, 422)
"""A service's word for a cursor that is none of its own, which only the client can have brought."""


class Money(msgspec.Struct, frozen=True):
    """A decimal amount and its ISO 4217 currency."""

    amount: str
    currency: str


class Image(msgspec.Struct, frozen=True):
    """A picture; width and height are in pixels."""

    url: str
    width: int
    height: int


class User(msgspec.Struct, frozen=True):
    """A user."""

    id: str
    name: str
    email: str
    avatar: Image


class Product(msgspec.Struct, frozen=True):
    """A product of the catalogue."""

    id: str
    name: str
    description: str
    price: Money
    images: list[Image]


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


async def get_user(request: Request) -> User:
    """The user who asks."""
    return await request.get("user", path("/users/{}", request.user_id), User)


async def get_orders(request: Request, limit: int) -> list[Order]:
    """The user's newest orders."""
    query: Query = {"user_id": request.user_id, "limit": limit}
    page = await request.get("order", "/orders", Page[Order], query)
    return page.items


async def get_products(request: Request, limit: int, cursor: str | None = None) -> Page[Product]:
    """A page of the catalogue."""
    query: Query = {"limit": limit, "cursor": cursor}
    return await request.get("product", "/products", Page[Product], query, pass_on=BAD_QUERY)


async def get_products_by_id(request: Request, ids: Sequence[str]) -> dict[str, Product]:
    """Up to 100 products, by id; those that do not exist are left out."""
    page = await request.get("product", "/products", Page[Product], {"ids": ",".join(ids)})
    return {product.id: product for product in page.items}
