"""Sparse answers."""

import msgspec
import pytest
from colonnade_runtime import App, Page, Request
from colonnade_runtime.testing import AppClient


class Money(msgspec.Struct, frozen=True):
    amount: str
    currency: str


class Product(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    short_name: str
    price: Money
    old_price: Money | None
    variants: list["Product"] = []
    tags: dict[str, str] = {}
    note: str | msgspec.UnsetType = msgspec.UNSET


LAMP = Product(
    "p-1", "Lamp", Money("9.90", "EUR"), None, [Product("p-2", "Red", Money("10", "EUR"), Money("11", "EUR"))]
)


async def product(_request: Request) -> Product:
    return LAMP


async def products(_request: Request) -> Page[Product]:
    return Page([LAMP, LAMP], "more")


async def listed(_request: Request) -> list[Product]:
    return [LAMP]


async def perhaps(_request: Request) -> Product | None:
    return None


@pytest.fixture
def client() -> AppClient:
    app = App("test", services=[])
    app.get("/product", fields=True)(product)
    app.get("/products", fields=True)(products)
    app.get("/listed", fields=True)(listed)
    app.get("/perhaps", fields=True)(perhaps)
    app.get("/whole")(product)
    return AppClient(app)


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ("id", {"id": "p-1"}),
        ("id, shortName", {"id": "p-1", "shortName": "Lamp"}),
        ("shortName&fields=id", {"shortName": "Lamp", "id": "p-1"}),
        ("price", {"price": {"amount": "9.90", "currency": "EUR"}}),
        ("price.amount", {"price": {"amount": "9.90"}}),
        ("price.amount,id,price.currency", {"price": {"amount": "9.90", "currency": "EUR"}, "id": "p-1"}),
        ("oldPrice.amount", {"oldPrice": None}),
        ("variants.oldPrice.amount", {"variants": [{"oldPrice": {"amount": "11"}}]}),
        ("note,tags", {"tags": {}}),
    ],
)
async def test_only_what_was_named_is_answered(client: AppClient, fields: str, answer: object) -> None:
    given = await client.get(f"/product?fields={fields}")

    assert (200, answer) == (given.status, given.json())


async def test_the_fields_of_a_page_are_those_of_its_items(client: AppClient) -> None:
    answer = await client.get("/products?limit=2&fields=id")

    assert {"items": [{"id": "p-1"}, {"id": "p-1"}], "next_cursor": "more"} == answer.json()


async def test_the_fields_of_a_list_are_those_of_its_items(client: AppClient) -> None:
    assert [{"id": "p-1"}] == (await client.get("/listed?fields=id")).json()


async def test_nothing_has_no_fields(client: AppClient) -> None:
    assert None is (await client.get("/perhaps?fields=id")).json()


@pytest.mark.parametrize("url", ["/product", "/whole?fields=id", "/product?other=fields=id"])
async def test_everything_is_answered_where_nothing_is_named_or_may_be(client: AppClient, url: str) -> None:
    assert msgspec.to_builtins(LAMP) == (await client.get(url)).json()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("shortname", "'shortname'; the nearest is 'shortName'"),
        ("short_name", "'short_name'; the nearest is 'shortName'"),
        ("id,price.amuont", "'price.amuont'; the nearest is 'price.amount'"),
        ("id.x", "no 'id.x'."),
        ("tags.x", "no 'tags.x'."),
        ("", "no ''"),
        ("id,,price", "no ''"),
        ("__class__", "no '__class__'"),
        (".".join(["variants"] * 9), "more than 8 levels"),
        ("id," * 400, "more than 1024 characters"),
    ],
)
async def test_an_unknown_field_is_told_with_the_nearest(client: AppClient, fields: str, told: str) -> None:
    answer = await client.get(f"/product?fields={fields}")

    assert 422 == answer.status
    assert told in answer.json()["detail"]


async def test_what_has_no_fields_cannot_be_sparse() -> None:
    async def text(_request: Request) -> str:
        return ""

    with pytest.raises(TypeError, match="text: say which struct it returns"):
        App("test", services=[]).get("/text", fields=True)(text)
