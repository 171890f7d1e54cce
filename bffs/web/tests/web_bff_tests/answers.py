"""Answers of the services, as fat as theirs."""

from typing import Any

ALICE: dict[str, Any] = {
    "id": "alice",
    "name": "Alice Moreau",
    "email": "alice@example.com",
    "phone": "+33 6 00 00 00 00",
    "avatar": {"url": "https://example.com/a.webp", "width": 512, "height": 512},
}


def product(number: int) -> dict[str, Any]:
    """A product."""
    image = {"url": f"https://example.com/{number}.webp", "width": 1600, "height": 1200, "alt": ""}
    price = {"amount": "9.90", "currency": "EUR"}
    return {
        "id": f"p-{number:04}",
        "name": f"Lamp {number}",
        "description": "",
        "price": price,
        "images": [image],
    }


def order(number: int, *products: int) -> dict[str, Any]:
    """An order of `products`."""
    return {
        "id": f"o-{number:05}",
        "user_id": "alice",
        "status": "paid",
        "placed_at": "2026-01-01T00:00:00Z",
        "total": {"amount": "19.80", "currency": "EUR"},
        "items": [{"product_id": f"p-{one:04}", "quantity": 1, "unit_price": {}} for one in products],
    }


def page(*items: dict[str, Any], next_cursor: str | None = None) -> dict[str, Any]:
    """A page of a list."""
    return {"items": list(items), "next_cursor": next_cursor}
