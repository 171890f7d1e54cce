from typing import Any

from colonnade_runtime.testing import AppClient, FakeUpstreams, check_graphql_degradation
from colonnade_runtime.upstream import Call

from web_bff.app import app
from web_bff.upstreams import orders_of, products_with
from web_bff_tests.answers import ALICE, order, page, product

ME = "{ me { orders(first: 2) { id status total { amount } items { quantity product { id name } } } } }"
PRODUCTS = """query($first: Int, $after: String) { products(first: $first, after: $after) {
  edges { cursor node { id price { amount currency } } } pageInfo { hasNextPage endCursor } } }"""
CATALOGUE = [product(number) for number in range(1, 8)]


def products(call: Call) -> dict[str, Any]:
    """The product service's list, in pages and batches."""
    asked = dict(part.split("=") for part in call.target.partition("?")[2].split("&"))
    if "ids" in asked:
        ids = asked["ids"].split("%2C")
        return page(*(one for one in CATALOGUE if one["id"] in ids))
    start = int(asked.get("cursor", "0"))
    end = start + int(asked["limit"])
    return page(*CATALOGUE[start:end], next_cursor=str(end) if end < len(CATALOGUE) else None)


def alice() -> AppClient:
    orders = page(order(2, 1, 2), order(1, 2, 3, 9))
    answers = {"user GET /users/alice": ALICE, "order GET /orders": orders, "product GET /products": products}
    return AppClient(app, FakeUpstreams(answers), {"x-user-id": "alice"})


async def ask(client: AppClient, query: str, **variables: object) -> dict[str, Any]:
    answer = await client.post("/graphql", {"query": query, "variables": variables})
    document: dict[str, Any] = answer.json()
    return document


async def test_products_of_all_orders_are_read_in_one_call() -> None:
    client = alice()

    data = (await ask(client, ME))["data"]

    items = [item for one in data["me"]["orders"] for item in one["items"]]
    assert [item["product"] and item["product"]["id"] for item in items] == [
        "p-0001",
        "p-0002",
        "p-0002",
        "p-0003",
        None,
    ]
    assert [call.service for call in client.upstreams.calls] == ["user", "order", "product"]


async def test_pages_from_any_edge_are_without_gap_or_repeat() -> None:
    client = alice()
    for size in (1, 2, 3, 7):
        for edge in range(-size, 0):
            seen: list[str] = []
            after = None
            while len(seen) < len(CATALOGUE):
                found = (await ask(client, PRODUCTS, first=size, after=after))["data"]["products"]
                kept = found["edges"] if len(found["edges"]) < size else found["edges"][: size + edge + 1]
                seen += [one["node"]["id"] for one in kept]
                after = kept[-1]["cursor"]
            assert seen == [one["id"] for one in CATALOGUE]


async def test_the_last_page_says_so() -> None:
    found = (await ask(alice(), PRODUCTS, first=7))["data"]["products"]

    assert found["pageInfo"]["hasNextPage"] is False


async def test_a_foreign_cursor_is_told() -> None:
    answer = await ask(alice(), PRODUCTS, after="nonsense")

    assert answer["errors"][0]["extensions"]["code"] == "UNPROCESSABLE_ENTITY"


async def test_too_many_at_once_are_refused() -> None:
    answer = await ask(alice(), PRODUCTS, first=101)

    assert "first" in answer["errors"][0]["message"]


async def test_one_product_or_none() -> None:
    query = "query($id: ID!) { product(id: $id) { id name } }"

    assert (await ask(alice(), query, id="p-0001"))["data"]["product"]["name"] == "Lamp 1"
    assert (await ask(alice(), query, id="nope"))["data"] == {"product": None}


async def test_null_asks_for_as_many_as_nothing_does() -> None:
    nothing, null = [await ask(alice(), PRODUCTS, **given) for given in ({}, {"first": None})]

    assert nothing == null
    assert nothing["data"]["products"]["edges"]


async def test_the_user_is_required_and_all_else_can_be_missing() -> None:
    tried = await check_graphql_degradation(
        alice(), ME, {"me.orders": orders_of, "me.orders.items.product": products_with}
    )

    assert 4**3 == tried


async def test_the_catalogue_is_there_or_an_error() -> None:
    assert 4 == await check_graphql_degradation(alice(), PRODUCTS, variables={"first": 2})
