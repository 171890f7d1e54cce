"""Orders are seeded as documented, placed once for each key, and survive a crash."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import httpx

from order_service.model import Order
from order_service.seed import orders
from service_kit.testing import process

WISH = {"user_id": "alice", "items": [{"product_id": "p-0001", "quantity": 2}]}


def test_every_seeded_document_holds_to_the_model() -> None:
    seeded = [Order.model_validate_json(document.body, strict=True, extra="forbid") for document in orders()]

    owners = Counter(order.user_id for order in seeded)
    assert len(seeded) >= 5_000
    assert min(owners["alice"], owners["bob"]) >= 25
    for order in seeded:
        total = sum(Decimal(item.unit_price.amount) * item.quantity for item in order.items)
        assert Decimal(order.total.amount) == total


def test_an_acknowledged_order_survives_a_crash(tmp_path: Path) -> None:
    with process("order_service", tmp_path) as first:
        placed = httpx.post(f"{first.url}/orders", json=WISH)
        first.kill()
    with process("order_service", tmp_path) as second:
        found = httpx.get(f"{second.url}/orders/{placed.json()['id']}")
        newest = httpx.get(f"{second.url}/orders", params={"user_id": "alice", "limit": 1})

    assert placed.status_code == 201
    assert placed.json() == found.json() == newest.json()["items"][0]


def test_a_key_places_one_order_even_across_a_crash(tmp_path: Path) -> None:
    headers = {"Idempotency-Key": "k-1"}
    with process("order_service", tmp_path) as first:
        placed = httpx.post(f"{first.url}/orders", json=WISH, headers=headers)
        first.kill()
    with process("order_service", tmp_path) as second:
        again = httpx.post(f"{second.url}/orders", json=WISH, headers=headers)
        other = httpx.post(f"{second.url}/orders", json=WISH | {"user_id": "bob"}, headers=headers)

    assert placed.json() == again.json()
    assert other.status_code == 409


def test_instances_over_one_folder_agree(tmp_path: Path) -> None:
    with process("order_service", tmp_path) as one, process("order_service", tmp_path) as other:

        def place(number: int) -> tuple[int, str]:
            url, headers = (one, other)[number % 2].url, {"Idempotency-Key": f"k-{number // 8}"}
            answer = httpx.post(f"{url}/orders", json=WISH, headers=headers)
            return number // 8, answer.json()["id"]

        with ThreadPoolExecutor(8) as pool:
            placed = set(pool.map(place, range(64)))
        seen = [httpx.get(f"{each.url}/orders", params={"user_id": "alice"}).json() for each in (one, other)]

    assert len(placed) == len({order for _, order in placed}) == 8
    assert seen[0] == seen[1]


def test_a_wrong_wish_names_its_field(tmp_path: Path) -> None:
    with process("order_service", tmp_path) as running:
        wrong = httpx.post(f"{running.url}/orders", json={"user_id": "alice", "items": []})
        broken = httpx.post(
            f"{running.url}/orders", content=b"{", headers={"content-type": "application/json"}
        )

    assert (422, True) == (wrong.status_code, "items" in wrong.json()["detail"])
    assert (400, "application/problem+json") == (broken.status_code, broken.headers["content-type"])
