"""Orders move on, durably, and who waits is told."""

import threading
from pathlib import Path

import httpx
import pytest

from order_service.model import Order, Status
from order_service.progress import Progress
from order_service.seed import orders
from service_kit import Collection, Problem
from service_kit.testing import process

PENDING = "o-05500"


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    Collection(tmp_path / "orders.sqlite", orders()).close()
    return Progress(tmp_path / "orders.sqlite")


def test_an_order_goes_forward_and_remembers_each_step(progress: Progress) -> None:
    progress.move(PENDING, "paid")
    order = Order.model_validate_json(progress.move(PENDING, "delivered"), extra="forbid")

    assert ["pending", "paid", "delivered"] == [step.status for step in order.history]
    assert "delivered" == order.status


def test_the_same_step_again_changes_nothing(progress: Progress) -> None:
    first = progress.move(PENDING, "paid")
    after = progress.changes.after(None).next

    assert first == progress.move(PENDING, "paid")
    assert after == progress.changes.after(None).next


@pytest.mark.parametrize(
    ("steps", "status"),
    [(["paid"], "pending"), (["shipped"], "cancelled"), (["cancelled"], "paid"), (["delivered"], "shipped")],
)
def test_an_order_does_not_go_back(progress: Progress, steps: list[Status], status: Status) -> None:
    for step in steps:
        progress.move(PENDING, step)

    with pytest.raises(Problem) as refused:
        progress.move(PENDING, status)

    assert 409 == refused.value.status
    assert steps[-1] == Order.model_validate_json(progress.move(PENDING, steps[-1])).status


def test_changes_are_told_once_and_in_order(progress: Progress) -> None:
    start = progress.changes.after(None).next
    progress.move(PENDING, "paid")
    progress.move("o-05300", "paid")
    progress.move(PENDING, "shipped")

    found = progress.changes.after(start)

    assert [PENDING, "o-05300"] == found.ids
    assert [] == progress.changes.after(found.next).ids


def test_who_waits_is_told_of_a_step_and_a_crash_loses_none(tmp_path: Path) -> None:
    with process("order_service", tmp_path) as first:
        cursor = httpx.get(f"{first.url}/order-changes").json()["next"]
        found: list[dict[str, object]] = []
        wait = {"after": cursor, "wait": 15}
        waiting = threading.Thread(
            target=lambda: found.append(
                httpx.get(f"{first.url}/order-changes", params=wait, timeout=20).json()
            )
        )
        waiting.start()
        moved = httpx.put(f"{first.url}/orders/{PENDING}/status", json={"status": "paid"})
        waiting.join()
        first.kill()
    with process("order_service", tmp_path) as second:
        again = httpx.get(f"{second.url}/order-changes", params={"after": cursor}).json()

    assert (200, "paid") == (moved.status_code, moved.json()["status"])
    assert [{"ids": [PENDING], "next": cursor + 1}] == found == [again]
