"""A platform with one BFF that calls one service, both written for the test."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

from colonnade_tests.local.platforms import write_platform

UPSTREAMS = '''\
"""What is read of services."""

import msgspec
from colonnade_runtime import declared, get, post


class Total(msgspec.Struct, frozen=True):
    """Money."""

    amount: str


class Order(msgspec.Struct, frozen=True):
    """An order."""

    id: str
    total: Total


class Wish(msgspec.Struct, frozen=True):
    """What is ordered."""

    product: str


@get("order", "/orders")
async def orders(user: str, limit: int | None = None) -> list[Order]:
    """The orders of a user."""
    declared()


@get("order", "/orders/{id}")
async def order(id: str) -> Order:
    """One order."""
    declared()


@post("order", "/orders")
async def place(body: Wish) -> Order:
    """Place an order."""
    declared()
'''
APP = '''\
"""The list of views."""

from colonnade_runtime import App

from mobile_bff import history
from mobile_bff.history import newest

app = App("mobile", services=["order"])

app.get("/newest")(newest)
app.get("/all")(history.everything)
app.post("/orders")(history.again)
'''
HISTORY = '''\
"""Views."""

from typing import Any

from mobile_bff import upstreams
from mobile_bff.upstreams import order


async def newest(request: Any) -> Any:
    """One; `place` here is a name of its own."""
    place = await order(request, "1")
    return place


async def everything(request: Any) -> Any:
    """All."""
    return await _all(request)


async def _all(request: Any) -> Any:
    return await upstreams.orders(request, "alice")


async def again(request: Any) -> Any:
    """Order the newest once more."""
    return await upstreams.place(request, upstreams.Wish((await newest(request)).id))
'''

TEXT = {"type": "string"}
ORDER = {
    "type": "object",
    "properties": {"id": TEXT, "total": {"$ref": "#/components/schemas/Money"}, "note": TEXT},
    "required": ["id", "total"],
}
MONEY = {
    "type": "object",
    "properties": {"amount": TEXT, "currency": TEXT},
    "required": ["amount", "currency"],
}
WISH = {"type": "object", "properties": {"product": TEXT}, "required": ["product"]}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _query(name: str, kind: str, *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": {"type": kind}}


def contract() -> dict[str, Any]:
    """Return what the service offers: the BFF's calls fit it."""
    one = {"$ref": "#/components/schemas/Order"}
    listed = {
        "parameters": [_query("user", "string", required=True), _query("limit", "integer")],
        "responses": {"200": _json({"type": "array", "items": one})},
    }
    placed = {
        "requestBody": _json({"$ref": "#/components/schemas/Wish"}),
        "responses": {"201": _json(one), "default": _json({})},
    }
    by_id = {"name": "order_id", "in": "path", "required": True, "schema": TEXT}
    return {
        "openapi": "3.1.0",
        "paths": {
            "/orders": {"get": listed, "post": placed},
            "/orders/{order_id}": {"get": {"parameters": [by_id], "responses": {"200": _json(one)}}},
        },
        "components": {"schemas": deepcopy({"Order": ORDER, "Money": MONEY, "Wish": WISH})},
    }


def write_shop(root: Path, offered: dict[str, Any] | None = None) -> Path:
    """Write the platform into `root`; the service offers `offered`, or what fits."""
    write_platform(root)
    package = root / "bffs/mobile/src/mobile_bff"
    package.mkdir(parents=True)
    texts = {"__init__": '"""The BFF."""\n', "upstreams": UPSTREAMS, "app": APP, "history": HISTORY}
    for name, text in texts.items():
        (package / f"{name}.py").write_text(text)
    write_contract(root, offered or contract())
    return root


def write_contract(root: Path, offered: dict[str, Any]) -> None:
    """Write what the service offers."""
    file = root / "services/order/openapi.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(offered))
