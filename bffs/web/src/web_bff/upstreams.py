"""What services are asked, and what is read of them: fields not named here are never decoded."""

import msgspec
from colonnade_runtime import Page, batched, declared, get

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


@get("user", "/users/{user_id}")
async def user_with(user_id: str) -> User:
    """A user."""
    declared()


@get("order", "/orders")
async def orders_of(user_id: str, limit: int = 20) -> Page[Order]:
    """The user's orders, newest first."""
    declared()


@get("product", "/products", pass_on=BAD_QUERY)
async def catalogue(limit: int = 20, cursor: str | None = None) -> Page[Product]:
    """Products, in the order of the catalogue."""
    declared()


@get("product", "/products")
async def products_with(ids: list[str]) -> Page[Product]:
    """Up to 100 products; those that do not exist are left out."""
    declared()


product_with = batched(products_with, by=lambda product: product.id)
"""One product, or None; those that one request asks for together are one call."""
