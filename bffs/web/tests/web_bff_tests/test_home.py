import pytest
from colonnade_runtime.testing import AppClient, FakeUpstreams, check_degradation

from web_bff.app import app
from web_bff.upstreams import catalogue, orders_of
from web_bff_tests.answers import ALICE, order, page, product

WHOLE = {
    "user GET /users/alice": ALICE,
    "order GET /orders": page(order(1, 1)),
    "product GET /products": page(product(1), product(2)),
}


def alice(**failing: int) -> AppClient:
    answers = {key: failing.get(key.split()[0], answer) for key, answer in WHOLE.items()}
    return AppClient(app, FakeUpstreams(answers), {"x-user-id": "alice"})


async def test_the_start_page_is_one_answer() -> None:
    answer = await alice().get("/home")

    home = answer.json()
    assert answer.status == 200
    assert (home["user"]["name"], len(home["orders"]), len(home["featured"])) == ("Alice Moreau", 1, 2)
    assert home["degraded"] == []
    assert "phone" not in home["user"]


@pytest.mark.parametrize(("service", "missing"), [("order", "orders"), ("product", "featured")])
async def test_what_a_failing_service_would_have_told_is_named(service: str, missing: str) -> None:
    answer = await alice(**{service: 503}).get("/home")

    assert answer.status == 200
    assert answer.json()["degraded"] == [missing]
    assert answer.json()[missing] == []


async def test_without_the_user_there_is_no_page() -> None:
    assert (await alice(user=503).get("/home")).status == 502


async def test_the_page_degrades_as_declared_whatever_fails() -> None:
    assert 4**3 == await check_degradation(alice(), "/home", orders=orders_of, featured=catalogue)


async def test_nobody_is_refused() -> None:
    assert (await AppClient(app).get("/home")).status == 401
