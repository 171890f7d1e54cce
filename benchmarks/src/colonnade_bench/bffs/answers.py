"""What the real services answer to the calls of the views that are measured."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from colonnade_bench.canned import Answer
from order_service.seed import orders
from product_service.seed import products
from service_kit import Collection
from user_service.seed import users

USER = "alice"
Answers = Mapping[str, Sequence[Answer]]
"""By service."""


@dataclass(frozen=True, slots=True)
class Shop:
    """The seeded collections."""

    users: Collection
    products: Collection
    orders: Collection


@contextmanager
def shop(folder: Path) -> Iterator[Shop]:
    """Open the seeded collections, in files below `folder`."""
    with ExitStack() as stack:
        yield Shop(
            stack.enter_context(closing(Collection(folder / "users.sqlite", users()))),
            stack.enter_context(closing(Collection(folder / "products.sqlite", products()))),
            stack.enter_context(closing(Collection(folder / "orders.sqlite", orders()))),
        )


def of_home(shop: Shop) -> Answers:
    """The four calls of the mobile BFF's `GET /home`."""
    newest = shop.orders.page(3, None, USER, newest_first=True)
    firsts = sorted({order["items"][0]["product_id"] for order in msgspec.json.decode(newest)["items"]})
    return {
        "user": [_user(shop)],
        "order": [Answer("/", newest.decode())],
        "product": [
            Answer("/", shop.products.batch(firsts).decode(), query="ids"),
            Answer("/", shop.products.page(3, None).decode()),
        ],
    }


def of_orders(shop: Shop, first: int) -> Answers:
    """The three calls of the web BFF's query for a user, their orders, and the products in them."""
    newest = shop.orders.page(first, None, USER, newest_first=True)
    items = [item for order in msgspec.json.decode(newest)["items"] for item in order["items"]]
    bought = sorted({item["product_id"] for item in items})
    return {
        "user": [_user(shop)],
        "order": [Answer("/", newest.decode())],
        "product": [Answer("/", shop.products.batch(bought).decode())],
    }


def of_ingest(readings: int) -> Answers:
    """The one call of the IoT BFF's `POST /telemetry`."""
    return {
        "device": [Answer("/", "{}")],
        "telemetry": [Answer("/", f'{{"accepted":{readings},"duplicates":0}}')],
    }


def _user(shop: Shop) -> Answer:
    return Answer("/", (shop.users.get(USER) or b"{}").decode())
