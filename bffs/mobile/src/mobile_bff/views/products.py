"""`GET /products` and `GET /products/{id}`."""

import msgspec
from colonnade_runtime import Page, PageQuery, Request

from mobile_bff.upstreams import Money, Product, ProductDetails, catalogue, product_with


class Card(msgspec.Struct, frozen=True):
    """A product in a list; `image` is null where it has none."""

    id: str
    name: str
    price: Money
    image: str | None


async def products(request: Request) -> Page[Card]:
    """The catalogue, page by page."""
    asked = request.query(PageQuery)
    page = await catalogue(request, asked.limit, asked.cursor)
    return Page([card(product) for product in page.items], page.next_cursor)


async def product(request: Request) -> ProductDetails:
    """One product; 404 where there is none with this id."""
    return await product_with(request, request.parameters["id"])


def card(product: Product) -> Card:
    """A product as lists show it."""
    image = product.images[0].url if product.images else None
    return Card(product.id, product.name, product.price, image)
