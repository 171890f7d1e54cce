"""Deterministic orders: a good number of alice's and bob's among those of the crowd."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from service_kit import Document, money, price_of

COUNT = 5_500
USERS = 1_200
PRODUCTS = 600
FIRST = datetime(2025, 1, 1, 8, tzinfo=UTC)
STATUSES = ("pending", "paid", "shipped", "delivered")
NOTES = {
    "pending": "The order was received and waits for payment.",
    "paid": "The payment was confirmed by the provider.",
    "shipped": "The parcel left the warehouse.",
    "delivered": "The parcel was handed over to the customer.",
    "cancelled": "The customer changed their mind before the parcel left.",
}


def orders() -> Iterator[Document]:
    """Yield every seeded order, oldest first."""
    chance = random.Random("orders")  # noqa: S311 - the same orders every time
    for number in range(1, COUNT + 1):
        user_id = _user(chance, number)
        lines = [(chance.randint(1, PRODUCTS), chance.randint(1, 3)) for _ in range(chance.randint(1, 4))]
        placed = FIRST + timedelta(minutes=95 * number)
        status = "cancelled" if chance.random() < 0.05 else chance.choice(STATUSES)
        yield document(number, user_id, lines, placed, status)


def _user(chance: random.Random, number: int) -> str:
    if number % 100 == 0:
        return "alice"
    if number % 100 == 50:
        return "bob"
    return f"u-{chance.randint(3, USERS):04}"


def document(
    number: int, user_id: str, lines: Sequence[tuple[int, int]], placed: datetime, status: str
) -> Document:
    """Return an order of `lines`, each a product's number and a quantity."""
    total = sum((price_of(product) * quantity for product, quantity in lines), Decimal())
    order = {
        "id": f"o-{number:05}",
        "user_id": user_id,
        "status": status,
        "placed_at": text_of(placed),
        "total": money(total),
        "items": [
            {"product_id": f"p-{product:04}", "quantity": quantity, "unit_price": money(price_of(product))}
            for product, quantity in lines
        ],
        "shipping": _shipping(number, user_id),
        "history": _history(placed, status),
    }
    return Document(order["id"], user_id, msgspec.json.encode(order))  # type: ignore[arg-type]


def _shipping(number: int, user_id: str) -> dict[str, Any]:
    return {
        "address": {
            "name": user_id,
            "street": f"{number % 240 + 1} Linden Avenue",
            "postal_code": f"{10_000 + number * 37 % 89_999}",
            "city": "Lyon",
            "country": "FR",
        },
        "carrier": ("postel", "velox", "grünpost")[number % 3],
        "service": "standard, two to four working days",
        "tracking": f"https://track.example.com/parcels/{number * 7919 % 10**9:09}",
        "instructions": "Ring twice, then leave the parcel with the neighbour on the second floor.",
    }


def _history(placed: datetime, status: str) -> list[dict[str, str]]:
    steps = (
        ["pending", "cancelled"] if status == "cancelled" else list(STATUSES[: STATUSES.index(status) + 1])
    )
    return [
        {"status": step, "at": text_of(placed + timedelta(hours=7 * index)), "note": NOTES[step]}
        for index, step in enumerate(steps)
    ]


def text_of(moment: datetime) -> str:
    """Return a moment as RFC 3339 has it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
