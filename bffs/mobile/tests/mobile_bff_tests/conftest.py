"""The application in process, over services that answer in line."""

from typing import Any

import pytest
from colonnade_runtime.testing import AppClient, FakeUpstreams

from mobile_bff.app import app

MONEY = {"amount": "12.50", "currency": "EUR"}


def product(number: int) -> dict[str, Any]:
    return {
        "id": f"p-{number}",
        "name": f"Lamp {number}",
        "description": "It gives light.",
        "brand": "Calder",
        "price": MONEY,
        "images": [{"url": "https://cdn.example.com/lamp.webp", "width": 640}],
        "rating": {"average": 4.5, "count": 2},
        "stock": {"available": 3, "reserved": 1},
    }


def order(number: int) -> dict[str, Any]:
    items = [{"product_id": f"p-{number}", "quantity": 2}, {"product_id": "p-9", "quantity": 1}]
    return {
        "id": f"o-{number}",
        "status": "paid",
        "placed_at": "2026-01-01T00:00:00Z",
        "total": MONEY,
        "items": items,
    }


@pytest.fixture
def upstreams() -> FakeUpstreams:
    user = {
        "name": "Alice Moreau",
        "avatar": {"url": "https://cdn.example.com/alice.webp"},
        "loyalty": {"tier": "gold", "points": 7},
    }
    return FakeUpstreams(
        {
            "user GET /users/alice": user,
            "order GET /orders": {"items": [order(1), order(2)], "next_cursor": "more"},
            "order POST /orders": order(3),
            "product GET /products": {"items": [product(1), product(2)], "next_cursor": "more"},
            "product GET /products/p-1": product(1),
        }
    )


@pytest.fixture
def client(upstreams: FakeUpstreams) -> AppClient:
    return AppClient(app, upstreams, {"x-user-id": "alice"})
