"""Products and orders, page by page."""

from urllib.parse import parse_qs, urlsplit

import pytest
from colonnade_runtime.testing import AppClient, FakeUpstreams


@pytest.mark.parametrize("url", ["/products", "/orders"])
async def test_a_list_hands_the_page_down_and_the_cursor_up(
    client: AppClient, upstreams: FakeUpstreams, url: str
) -> None:
    answer = await client.get(f"{url}?limit=2&cursor=abc")

    asked = parse_qs(urlsplit(upstreams.calls[0].target).query)
    assert (["2"], ["abc"]) == (asked["limit"], asked["cursor"])
    assert (2, "more") == (len(answer.json()["items"]), answer.json()["next_cursor"])


async def test_orders_are_those_of_the_user_who_asks(client: AppClient, upstreams: FakeUpstreams) -> None:
    await client.get("/orders?user_id=bob")

    assert ["alice"] == parse_qs(urlsplit(upstreams.calls[0].target).query)["user_id"]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=many", "cursor="])
async def test_a_wrong_page_is_422(client: AppClient, upstreams: FakeUpstreams, query: str) -> None:
    assert (422, []) == ((await client.get(f"/products?{query}")).status, upstreams.calls)


async def test_a_cursor_that_the_service_refuses_is_the_clients_mistake(
    client: AppClient, upstreams: FakeUpstreams
) -> None:
    upstreams.answers["product GET /products"] = 422

    assert 422 == (await client.get("/products?cursor=forged")).status


async def test_a_product_is_trimmed_to_what_its_screen_shows(client: AppClient) -> None:
    product = (await client.get("/products/p-1")).json()

    assert ("Lamp 1", {"available": 3}) == (product["name"], product["stock"])


@pytest.mark.parametrize("identifier", ["p-404", "..", "%2e%2e", "a%2Fb"])
async def test_an_unknown_product_is_404(client: AppClient, identifier: str) -> None:
    answer = await client.get(f"/products/{identifier}")

    assert (404, "application/problem+json") == (answer.status, answer.headers["content-type"])
