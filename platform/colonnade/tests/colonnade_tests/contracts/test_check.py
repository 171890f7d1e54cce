"""`bff check` holds calls against contracts; `bff impact` says who would miss a field."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from colonnade_tests.cli.command import Bff, bff_of
from colonnade_tests.contracts.shop import UPSTREAMS, contract, write_contract, write_shop

CALLS = "bffs/mobile/src/mobile_bff/upstreams.py"


@pytest.fixture
def bff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Bff:
    return bff_of(write_shop(tmp_path / "shop"), monkeypatch, capfd)


def line_of(name: str) -> int:
    """Where a call is declared: at its decorator."""
    lines = UPSTREAMS.splitlines()
    return next(number for number, line in enumerate(lines) if line.startswith(f"async def {name}("))


def test_calls_that_fit_are_counted(bff: Bff) -> None:
    done = bff("check")

    assert (0, "") == (done.code, done.err)
    assert "ok   contracts: 3 calls fit what the services offer" in done.out


def rename(offered: dict[str, Any]) -> None:
    offered["paths"]["/order"] = offered["paths"].pop("/orders")


def need_more(offered: dict[str, Any]) -> None:
    more = {"name": "region", "in": "query", "required": True, "schema": {"type": "string"}}
    offered["paths"]["/orders"]["get"]["parameters"].append(more)


def forget_limit(offered: dict[str, Any]) -> None:
    offered["paths"]["/orders"]["get"]["parameters"].pop()


def loosen(offered: dict[str, Any]) -> None:
    offered["components"]["schemas"]["Order"]["required"] = ["id"]


def number_ids(offered: dict[str, Any]) -> None:
    offered["paths"]["/orders/{order_id}"]["get"]["parameters"][0]["schema"] = {"type": "integer"}


def want_quantity(offered: dict[str, Any]) -> None:
    wish = offered["components"]["schemas"]["Wish"]
    wish["properties"]["quantity"] = {"type": "integer"}
    wish["required"].append("quantity")


def need_a_key(offered: dict[str, Any]) -> None:
    key = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string"}}
    user = {"name": "X-User-Id", "in": "header", "required": True, "schema": {"type": "string"}}
    offered["paths"]["/orders"]["post"]["parameters"] = [key, user]


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], None], str, str]] = {
    "another path": (rename, "orders", "orders: order has no GET /orders (did you mean '/order'?)"),
    "a parameter more": (need_more, "orders", "orders: region: order needs this parameter"),
    "a parameter less": (
        forget_limit,
        "orders",
        "orders: limit: order knows no such parameter (valid here: user)",
    ),
    "a field that may be missing": (
        loosen,
        "order",
        "order: total: the service may leave it out (give the field a default)",
    ),
    "another identifier": (number_ids, "order", "order: id: we send string, the service takes integer"),
    "a header more": (
        need_a_key,
        "place",
        "place: idempotency-key: order needs this header (send it by a parameter, Annotated[str, Header(…)])",
    ),
    "a body with more": (want_quantity, "place", "place: body.quantity: the service needs it"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_call_that_does_not_fit_is_told_with_its_line(bff: Bff, case: str) -> None:
    change, call, told = BROKEN[case]
    offered = contract()
    change(offered)
    write_contract(bff.root, offered)

    done = bff("check")

    assert done.code == 2
    assert f"{CALLS}:{line_of(call)}:1: {told}" in done.err


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (
            CALLS,
            '@get("order", "/orders/{id}")',
            '@get("ordr", "/orders/{id}")',
            "there is no service 'ordr' (did you mean 'order'?)",
        ),
        (
            "bffs/mobile/bff.yaml",
            "services: [order, elsewhere]",
            "services: [elsewhere]",
            "mobile does not use the service 'order' (add it to `services` in bffs/mobile/bff.yaml)",
        ),
        (
            "bffs/mobile/src/mobile_bff/app.py",
            'services=["order"]',
            "services=[]",
            "the application does not use the service 'order' (add it to the `services` of App(…))",
        ),
    ],
)
def test_a_call_that_reaches_no_service_is_told_with_its_line(
    bff: Bff, file: str, old: str, new: str, told: str
) -> None:
    text = (bff.root / file).read_text()
    assert old in text
    (bff.root / file).write_text(text.replace(old, new))

    done = bff("check")

    assert done.code == 2
    assert f"{CALLS}:{line_of('order')}:1: order: {told}" in done.err


@pytest.mark.parametrize(
    "answers", [{"204": {}}, {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}}]
)
def test_a_call_that_returns_none_fits_whatever_is_answered(bff: Bff, answers: dict[str, Any]) -> None:
    with (bff.root / CALLS).open("a") as calls:
        calls.write(
            '\n\n@post("order", "/orders/{id}/cancel")\nasync def cancel(id: str) -> None:\n    declared()\n'
        )
    offered = contract()
    offered["paths"]["/orders/{order_id}/cancel"] = {"post": {"responses": answers}}
    write_contract(bff.root, offered)

    done = bff("check")

    assert "4 calls fit" in done.out


KEYED = """

@post("order", "/orders")
async def place_once(body: Wish, key: Annotated[KIND, Header("Idempotency-Key")]) -> Order:
    declared()
"""


@pytest.mark.parametrize(
    ("kind", "header", "told"),
    [
        ("str", {"name": "idempotency-key", "required": True, "schema": {"type": "string"}}, ""),
        (
            "str",
            {"name": "Idempotency-Key", "schema": {"type": "integer"}},
            "we send string, the service takes",
        ),
        (
            "str | None",
            {"name": "Idempotency-Key", "required": True, "schema": {"type": "string"}},
            "the service needs this parameter, and it may be left out here",
        ),
        ("str", {"name": "Idempotence-Key", "schema": {}}, "order knows no such header (did you mean"),
    ],
)
def test_a_header_that_is_sent_is_held_against_the_contract(
    bff: Bff, kind: str, header: dict[str, Any], told: str
) -> None:
    text = UPSTREAMS.replace("import msgspec\n", "from typing import Annotated\n\nimport msgspec\n", 1)
    text = text.replace("import declared", "import Header, declared") + KEYED.replace("KIND", kind)
    text = text.replace(UPSTREAMS[UPSTREAMS.index('@post("order", "/orders")') :], "")
    (bff.root / CALLS).write_text(text)
    offered = contract()
    offered["paths"]["/orders"]["post"]["parameters"] = [{"in": "header", **header}]
    write_contract(bff.root, offered)
    if not told:
        (bff.root / "bffs/mobile/src/mobile_bff/app.py").write_text(
            'from colonnade_runtime import App\n\napp = App("mobile", services=["order"])\n'
        )

    done = bff("check")

    assert told in done.err
    assert ("place_once: Idempotency-Key: " in done.err, done.code) == (bool(told), 2 if told else 0)


@pytest.mark.parametrize(
    "scheme", [{"type": "apiKey", "in": "header", "name": "Idempotency-Key"}, {"type": "http"}]
)
def test_a_header_that_says_who_asks_is_none_of_the_parameters(bff: Bff, scheme: dict[str, Any]) -> None:
    name = scheme.get("name", "Authorization")
    text = UPSTREAMS.replace("import msgspec\n", "from typing import Annotated\n\nimport msgspec\n", 1)
    text = text.replace("import declared", "import Header, declared")
    text += KEYED.replace("KIND", "str").replace("Idempotency-Key", name)
    (bff.root / CALLS).write_text(text)
    offered = contract()
    offered["components"]["securitySchemes"] = {"key": scheme}
    write_contract(bff.root, offered)

    assert "4 calls fit" in bff("check").out


def test_a_contract_that_is_none_is_told(bff: Bff) -> None:
    write_contract(bff.root, {"swagger": "2.0"})

    done = bff("check")

    assert done.code == 2
    assert "services/order/openapi.json: is no OpenAPI 3 document" in done.err


def test_a_bff_that_cannot_be_imported_is_told(bff: Bff) -> None:
    (bff.root / CALLS).write_text("import nothing_of_that_name\n")

    done = bff("check")

    assert done.code == 1
    assert (
        "bffs/mobile cannot be imported: ModuleNotFoundError: No module named 'nothing_of_that_name'"
        in done.err
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (
            "app.py",
            'app.get("/newest")(newest)',
            'app.get("/newest", cache=shared(-5))(newest)',
            "ValueError: max_age=-5: give whole seconds, 0 or more (bffs/mobile/src/mobile_bff/app.py:10)",
        ),
        (
            "upstreams.py",
            '@get("order", "/orders/{id}")',
            '@get("order", "/orders/{id}", hedge=-1)',
            "upstreams.py:32: order: hedge=-1: give the seconds",
        ),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_line(
    bff: Bff, file: str, old: str, new: str, told: str
) -> None:
    written = bff.root / "bffs/mobile/src/mobile_bff" / file
    text = written.read_text()
    assert old in text
    written.write_text(text.replace(old, new).replace("import App", "import App, shared"))

    assert told in bff("check").err


def test_a_service_without_a_contract_is_named(bff: Bff) -> None:
    (bff.root / "services/order/openapi.json").unlink()

    done = bff("check")

    assert done.code == 0
    assert "0 calls fit what the services offer; no contract of order" in done.out


def test_who_would_miss_a_field_is_named_with_views_and_owner(bff: Bff) -> None:
    done = bff("impact", "order", "--without", "Money.amount", "--json")

    lost = {one["call"]: one for one in json.loads(done.out)["items"]}
    assert done.code == 0
    assert {
        "orders": ("[].total.amount", ["GET /all"]),
        "order": ("total.amount", ["GET /newest", "POST /orders"]),
        "place": ("total.amount", ["POST /orders"]),
    } == {name: (one["field"], one["views"]) for name, one in lost.items()}
    assert ("mobile", "@mobile-team") == (lost["order"]["bff"], lost["order"]["owner"])
    assert (CALLS, line_of("order")) == (lost["order"]["file"], lost["order"]["line"])


@pytest.mark.parametrize(
    "imported",
    [
        "from . import upstreams\nfrom .upstreams import order",
        "import mobile_bff.upstreams as upstreams\nfrom .upstreams import order",
    ],
)
def test_a_view_is_found_however_it_is_added_and_what_it_reads_is_imported(bff: Bff, imported: str) -> None:
    app = bff.root / "bffs/mobile/src/mobile_bff/app.py"
    app.write_text(
        f"""{imported}
from colonnade_runtime import App, Request

app = App("mobile", services=["order"])


@app.get("/newest")
async def newest(request: Request) -> upstreams.Order:
    return await order(request, "1")


@app.get("/all")
async def everything(request: Request) -> list[upstreams.Order]:
    return await upstreams.orders(request, "alice")
"""
    )

    done = bff("impact", "order", "--without", "Order.id", "--json")

    found = {one["call"]: one["views"] for one in json.loads(done.out)["items"]}
    assert {"orders": ["GET /all"], "order": ["GET /newest"], "place": []} == found


def test_a_field_that_nobody_reads_is_missed_by_nobody(bff: Bff) -> None:
    done = bff("impact", "order", "--without", "currency")

    assert (0, "nothing reads currency of order\n") == (done.code, done.out)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("ordr", "--without", "total"), "there is no contract of a service ordr"),
        (("order", "--without", "Order.totl"), "did you mean 'Order.total'?"),
    ],
)
def test_an_unknown_service_or_field_is_told(bff: Bff, arguments: tuple[str, ...], told: str) -> None:
    done = bff("impact", *arguments)

    assert done.code == 2
    assert told in done.err
