"""What services are asked, and what is read of them: of large documents, the fields that a phone shows."""

from typing import Annotated

import msgspec
from colonnade_runtime import Header, Page, declared, get, post

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


class NewOrder(msgspec.Struct, frozen=True):
    """What is to be ordered, and for whom."""

    user_id: str
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


class Rating(msgspec.Struct, frozen=True):
    """The average of customers' ratings, from 1 to 5."""

    average: float
    count: int


class Stock(msgspec.Struct, frozen=True):
    """What can be ordered now."""

    available: int


class ProductDetails(msgspec.Struct, frozen=True):
    """A product on a screen of its own."""

    id: str
    name: str
    description: str
    brand: str
    price: Money
    images: list[Image]
    rating: Rating
    stock: Stock


@get("user", "/users/{user_id}")
async def user_with(user_id: str) -> User:
    """A user."""
    declared()


@get("order", "/orders", pass_on=BAD_QUERY)
async def orders_of(user_id: str, limit: int = 20, cursor: str | None = None) -> Page[Order]:
    """The user's orders, newest first."""
    declared()


@post("order", "/orders", pass_on=(409, 422))
async def place(body: NewOrder, key: Annotated[str | None, Header("Idempotency-Key")] = None) -> Order:
    """Place an order; with a key, one however often it is placed."""
    declared()


@get("product", "/products", pass_on=BAD_QUERY)
async def catalogue(limit: int = 20, cursor: str | None = None) -> Page[Product]:
    """Products, in the order of the catalogue."""
    declared()


@get("product", "/products")
async def names_of(ids: list[str]) -> Page[Named]:
    """The names of up to 100 products; those that do not exist are left out."""
    declared()


@get("product", "/products/{product_id}", pass_on=(404,))
async def product_with(product_id: str) -> ProductDetails:
    """One product."""
    declared()
