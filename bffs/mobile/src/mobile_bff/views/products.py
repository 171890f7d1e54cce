"""`GET /products` and `GET /products/{id}`."""

import msgspec
from colonnade_runtime import Page, PageQuery, Request, path

from mobile_bff.upstreams import Image, Money, Product, get_products

UNKNOWN = (404,)


class Card(msgspec.Struct, frozen=True):
    """A product in a list; `image` is null where it has none."""

    id: str
    name: str
    price: Money
    image: str | None


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


async def products(request: Request) -> Page[Card]:
    """The catalogue, page by page."""
    page = await get_products(request, request.query(PageQuery))
    return Page([card(product) for product in page.items], page.next_cursor)


async def product(request: Request) -> ProductDetails:
    """One product; 404 where there is none with this id."""
    where = path("/products/{}", request.parameters["id"])
    return await request.get("product", where, ProductDetails, pass_on=UNKNOWN)


def card(product: Product) -> Card:
    """A product as lists show it."""
    image = product.images[0].url if product.images else None
    return Card(product.id, product.name, product.price, image)
