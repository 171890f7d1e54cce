"""The kit holds every view to the budget of its bff.yaml."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from colonnade_runtime import App, FanOut, Request, declared, get
from colonnade_runtime.testing import AppClient, FakeUpstreams, check_budgets


@get("order", "/orders/{order_id}")
async def order_with(order_id: str) -> str:
    declared()


async def home(request: Request) -> list[str]:
    async with FanOut(request) as fan:
        orders = [fan.optional("orders", order_with(request, one), "") for one in ("1", "2")]
    return [order.result() for order in orders]


async def order(request: Request) -> str:
    return await order_with(request, request.parameters["id"])


@pytest.fixture
def client() -> AppClient:
    app = App("shop", services=["order"])
    app.get("/home")(home)
    app.get("/orders/{id}")(order)
    return AppClient(app, FakeUpstreams({"order GET /orders/1": "x" * 40, "order GET /orders/2": "y" * 80}))


ALL: Mapping[str, object] = {"GET /home": None, "GET /orders/1": None, "GET /orders/2": None}


async def check(client: AppClient, folder: Path, budgets: str, requests: Mapping[str, object] = ALL) -> None:
    manifest = folder / "bff.yaml"
    manifest.write_text(f"version: 1\nbudgets: {budgets}\n", encoding="utf-8")
    await check_budgets(client, manifest, requests)


@pytest.mark.parametrize(
    "budgets",
    [
        "{}",
        "{bytes: 1KiB, upstream_calls: 2, p95: 1ms}",
        "{bytes: 127B, upstream_calls: 2, views: {'GET /orders/{id}': {bytes: 82B, upstream_calls: 1}}}",
    ],
)
async def test_a_kept_budget_is_no_news(client: AppClient, tmp_path: Path, budgets: str) -> None:
    await check(client, tmp_path, budgets)


@pytest.mark.parametrize(
    ("budgets", "told"),
    [
        ("{bytes: 126B}", "GET /home: 127 bytes, and bff.yaml allows 126B"),
        ("{upstream_calls: 1}", "GET /home: 2 upstream calls, and bff.yaml allows 1"),
        (
            "{views: {'GET /orders/{id}': {bytes: 81B}}}",
            "GET /orders/{id}: 82 bytes, and bff.yaml allows 81B",
        ),
        (
            "{views: {'GET /hom': {bytes: 1B}}}",
            "GET /hom: bff.yaml has a budget for it, and there is no such view",
        ),
    ],
)
async def test_the_dearest_answer_is_held_to_the_budget(
    client: AppClient, tmp_path: Path, budgets: str, told: str
) -> None:
    with pytest.raises(AssertionError) as caught:
        await check(client, tmp_path, budgets)

    assert told == str(caught.value)


async def test_a_view_that_no_request_asks_for_is_named(client: AppClient, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"^GET /orders/\{id\}: no request asks for it$"):
        await check(client, tmp_path, "{}", {"GET /home": None})


@pytest.mark.parametrize(
    ("request_", "told"),
    [("GET /orders/3", "GET /orders/3: answered 502"), ("GET /home", "GET /home: orders is missing")],
)
async def test_only_whole_answers_count(client: AppClient, tmp_path: Path, request_: str, told: str) -> None:
    del client.upstreams.answers["order GET /orders/2"]

    with pytest.raises(AssertionError, match=f"^{told}"):
        await check(client, tmp_path, "{}", {request_: None})
