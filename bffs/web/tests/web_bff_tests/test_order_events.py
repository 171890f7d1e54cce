"""Live order status."""

from typing import Any

import msgspec
import pytest
from colonnade_runtime.testing import AppClient, FakeUpstreams, check_degradation

from web_bff.app import app

STEPS = [{"status": status, "at": "2026-01-01T00:00:00Z"} for status in ("pending", "paid", "delivered")]


def order(steps: int, user: str = "alice") -> dict[str, Any]:
    return {"user_id": user, "status": STEPS[steps - 1]["status"], "history": STEPS[:steps]}


def alice(*answers: Any) -> AppClient:  # noqa: ANN401 - whatever the service answers, one after the other
    """Alice, of whose order the service tells `answers`; all have changed whenever it is asked."""
    told = iter(answers)
    upstreams = {
        "order GET /orders/o-1": lambda _call: next(told),
        "order GET /order-changes": {"ids": ["o-1"], "next": 1},
    }
    return AppClient(app, FakeUpstreams(upstreams), {"x-user-id": "alice"})


def events(body: bytes) -> list[tuple[str, str]]:
    """Id and status of each event."""
    found = []
    for block in body.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            found.append((fields["id"], msgspec.json.decode(fields["data"])["status"]))
    return found


async def test_all_steps_are_told_as_they_happen_until_the_last() -> None:
    answer = await alice(order(1), order(1), order(2), order(2), order(3)).get("/orders/o-1/events")

    assert "text/event-stream" == answer.headers["content-type"]
    assert [("1", "pending"), ("2", "paid"), ("3", "delivered")] == events(answer.body)


async def test_a_client_that_comes_back_is_told_what_it_does_not_know() -> None:
    answer = await alice(order(3), order(3)).get("/orders/o-1/events", last_event_id="2")

    assert [("3", "delivered")] == events(answer.body)


async def test_a_client_that_knows_the_last_step_need_not_come_back() -> None:
    answer = await alice(order(3)).get("/orders/o-1/events", last_event_id="3")

    assert (204, b"") == (answer.status, answer.body)


@pytest.mark.parametrize("found", [order(1, "bob"), 404])
async def test_the_orders_of_others_are_not_there(found: object) -> None:
    assert 404 == (await alice(found).get("/orders/o-1/events")).status


async def test_there_is_a_stream_or_a_problem() -> None:
    client = alice()
    client.upstreams.answers["order GET /orders/o-1"] = order(3)

    assert 4 == await check_degradation(client, "/orders/o-1/events")
