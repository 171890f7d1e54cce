"""The first screen."""

import pytest
from colonnade_runtime.errors import UpstreamTimeout, UpstreamUnreachable
from colonnade_runtime.testing import AppClient, FakeUpstreams, check_degradation

from mobile_bff.app import app
from mobile_bff.upstreams import catalogue, names_of, orders_of


async def test_home_is_the_user_their_orders_and_what_is_featured(client: AppClient) -> None:
    home = (await client.get("/home")).json()

    assert "Alice Moreau" == home["user"]["name"]
    assert [("o-1", "Lamp 1", 1), ("o-2", "Lamp 2", 1)] == [
        (order["id"], order["title"], order["more"]) for order in home["orders"]
    ]
    assert ["p-1", "p-2"] == [product["id"] for product in home["featured"]]
    assert [] == home["degraded"]


async def test_home_takes_four_calls_and_less_than_a_kilobyte(
    client: AppClient, upstreams: FakeUpstreams
) -> None:
    answer = await client.get("/home")

    assert 4 == len(upstreams.calls)
    assert len(answer.body) < 1000


@pytest.mark.parametrize("failure", [503, UpstreamTimeout("order", ""), UpstreamUnreachable("order", "")])
async def test_without_orders_home_is_partial_and_says_so(
    client: AppClient, upstreams: FakeUpstreams, failure: object
) -> None:
    upstreams.answers["order GET /orders"] = failure

    answer = await client.get("/home")

    assert (200, [], ["orders"]) == (answer.status, answer.json()["orders"], answer.json()["degraded"])


async def test_without_products_home_still_tells_of_orders(
    client: AppClient, upstreams: FakeUpstreams
) -> None:
    upstreams.answers["product GET /products"] = 500

    home = (await client.get("/home")).json()

    assert ["o-1", "o-2"] == [order["id"] for order in home["orders"]]
    assert ["featured", "order_titles"] == home["degraded"]


async def test_without_the_user_there_is_no_home(client: AppClient, upstreams: FakeUpstreams) -> None:
    upstreams.answers["user GET /users/alice"] = UpstreamTimeout("user", "")

    answer = await client.get("/home")

    assert (504, "application/problem+json") == (answer.status, answer.headers["content-type"])


async def test_home_degrades_as_declared_whatever_fails(client: AppClient) -> None:
    tried = await check_degradation(
        client, "/home", orders=orders_of, order_titles=names_of, featured=catalogue
    )

    assert 4**4 == tried


@pytest.mark.parametrize("url", ["/products", "/products/p-1", "/orders"])
async def test_a_list_or_a_product_is_there_or_a_problem(client: AppClient, url: str) -> None:
    assert 4 == await check_degradation(client, url)


@pytest.mark.parametrize("url", ["/home", "/products", "/products/p-1", "/orders"])
async def test_nobody_is_told_anything(upstreams: FakeUpstreams, url: str) -> None:
    answer = await AppClient(app, upstreams).get(url)

    assert (401, []) == (answer.status, upstreams.calls)
