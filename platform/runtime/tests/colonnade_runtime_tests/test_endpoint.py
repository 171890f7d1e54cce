"""Declared calls: what is sent for which arguments, and what cannot be declared."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any

import msgspec
import pytest
from colonnade_runtime import App, Endpoint, NotFound, Page, Request, declared, delete, get, post, put
from colonnade_runtime.signature import Parameter, Place
from colonnade_runtime.target import Target
from colonnade_runtime.testing import AppClient, FakeUpstreams
from hypothesis import given
from hypothesis import strategies as st


class Note(msgspec.Struct, frozen=True):
    text: str


@get("order", "/users/{user_id}/orders")
async def orders_of(user_id: str, limit: int = 20, cursor: str | None = None) -> Page[Note]:
    """The user's orders."""
    declared()


@put("order", "/orders/{order_id}/note")
async def annotate(order_id: str, body: Note, *, urgent: bool = False) -> Note:
    declared()


async def sent(ask: Callable[[Request], Awaitable[Any]]) -> tuple[str, str, bytes | None]:
    app = App("shop", services=["order"])
    app.get("/")(ask)
    upstreams = FakeUpstreams()
    await AppClient(app, upstreams).get("/")
    (call,) = upstreams.calls
    return call.method, call.target, call.body


async def test_arguments_go_where_the_path_says_and_else_into_the_query() -> None:
    assert ("GET", "/users/a%2Fb/orders?limit=3&cursor=x%26y", None) == await sent(
        lambda request: orders_of(request, "a/b", 3, cursor="x&y")
    )


async def test_what_is_not_given_has_its_default_and_none_is_left_out() -> None:
    assert ("GET", "/users/a/orders?limit=20", None) == await sent(lambda request: orders_of(request, "a"))


async def test_a_body_is_json_beside_path_and_query() -> None:
    assert ("PUT", "/orders/7/note?urgent=true", b'{"text":"soon"}') == await sent(
        lambda request: annotate(request, order_id="7", body=Note("soon"), urgent=True)
    )


def test_a_call_tells_what_it_is_without_being_made() -> None:
    assert ("order", "GET", "/users/{user_id}/orders", "orders_of", "The user's orders.", Page[Note]) == (
        orders_of.service,
        orders_of.method,
        orders_of.template,
        orders_of.name,
        orders_of.doc,
        orders_of.returns,
    )
    assert orders_of.parameters == (
        Parameter("user_id", Place.PATH, str, required=True),
        Parameter("limit", Place.QUERY, int, required=False, default=20),
        Parameter("cursor", Place.QUERY, str | None, required=False, default=None),
    )
    line = Path(__file__).read_text("utf-8").splitlines().index('@get("order", "/users/{user_id}/orders")')
    assert (Path(__file__), line + 1) == (orders_of.written.file, orders_of.written.line)


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((), {}), (("a", 1, "c", "d"), {}), (("a",), {"colour": "red"}), (("a",), {"user_id": "b"})],
)
async def test_wrong_arguments_are_refused_as_python_does(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    async def ask(request: Request) -> None:
        with pytest.raises(TypeError, match="orders_of"):
            await orders_of(request, *args, **kwargs)

    app = App("shop", services=["order"])
    app.get("/")(ask)

    assert (await AppClient(app).get("/")).status == 200


async def without_path_parameter() -> Note:
    declared()


async def without_annotation(order_id) -> Note:  # type: ignore[no-untyped-def]  # noqa: ANN001
    declared()


async def without_return(order_id: str):  # type: ignore[no-untyped-def]  # noqa: ANN201
    declared()


async def with_body(order_id: str, body: Note) -> Note:
    declared()


async def with_rest(order_id: str, **more: str) -> Note:
    declared()


def without_async(order_id: str) -> Note:
    declared()


@pytest.mark.parametrize(
    ("declaration", "told"),
    [
        (without_path_parameter, "needs the parameter order_id"),
        (without_annotation, "annotate order_id"),
        (without_return, "say what it returns"),
        (with_body, "a DELETE has no body"),
        (with_rest, "name each parameter"),
        (without_async, "write `async def`"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_its_place(declaration: Any, told: str) -> None:  # noqa: ANN401
    with pytest.raises(TypeError, match=rf"test_endpoint.py:\d+: {declaration.__name__}: .*{told}"):
        delete("order", "/orders/{order_id}")(declaration)


async def test_the_body_of_a_declared_call_never_runs() -> None:
    made: Endpoint[[str, Note], Note] = post("order", "/orders/{order_id}")(with_body)
    assert "with_body: order POST /orders/{order_id}" in repr(made)
    with pytest.raises(NotImplementedError):
        await with_body("1", Note(""))


@given(st.text(min_size=1).filter(lambda text: text not in {".", ".."}))
def test_an_identifier_never_leaves_its_place(identifier: str) -> None:
    try:
        made = Target("/orders/{order_id}/items", ["order_id"], []).fill([identifier])
    except UnicodeEncodeError:
        return
    assert made.startswith("/orders/")
    assert made.endswith("/items")
    assert 3 == made.count("/")
    assert not set("?#\\ ") & set(made)


@pytest.mark.parametrize("identifier", ["", ".", ".."])
def test_an_identifier_that_would_change_the_path_is_unknown(identifier: str) -> None:
    with pytest.raises(NotFound):
        Target("/orders/{order_id}", ["order_id"], []).fill([identifier])


class Colour(Enum):
    RED = "red"


class Mood(StrEnum):
    GLAD = "glad"


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_values_of_a_query_are_written_as_json_does_and_lists_are_joined() -> None:
    values: list[object] = [False, 1.5, ["x", True, Colour.RED], None, "&", Colour.RED, Mood.GLAD, NOON]

    filled = Target("/orders", list("abcdefgh"), "abcdefgh").fill(values)

    assert "/orders?a=false&b=1.5&c=x%2Ctrue%2Cred&e=%26&f=red&g=glad&h=2026-01-01T12%3A00%3A00Z" == filled


@pytest.mark.parametrize(
    ("value", "written"), [(7, "7"), (True, "true"), (Colour.RED, "red"), (NOON.date(), "2026-01-01")]
)
def test_values_of_a_path_are_written_as_json_does(value: object, written: str) -> None:
    assert f"/orders/{written}" == Target("/orders/{it}", ["it"], []).fill([value])


@pytest.mark.parametrize("path", ["orders/{order_id}", "/orders/{order-id}", "/orders/{order_id}?all=true"])
def test_a_path_that_no_service_has_is_refused_with_its_place(path: str) -> None:
    with pytest.raises(TypeError, match=r"test_endpoint.py:\d+: with_body: '.*' is no path"):
        post("order", path)(with_body)


@pytest.mark.parametrize("status", [200, 503, 700])
def test_only_what_is_a_clients_own_doing_is_passed_on(status: int) -> None:
    with pytest.raises(TypeError, match=rf"test_endpoint.py:\d+: with_body: pass_on .*{status}"):
        post("order", "/orders/{order_id}", pass_on=(404, status))(with_body)


@pytest.mark.parametrize(
    "said",
    [
        {"hedge": -1},
        {"hedge": 0},
        {"hedge": "p99"},
        {"hedge": float("nan")},
        {"last_good": -1},
        {"last_good": "1"},
    ],
)
def test_seconds_that_cannot_be_meant_are_refused_with_their_place(said: dict[str, Any]) -> None:
    (name,) = said
    with pytest.raises(TypeError, match=rf"test_endpoint.py:\d+: read: {name}="):
        get("order", "/orders/{order_id}", **said)(read)


async def read(order_id: str) -> Note:
    declared()


def test_one_service_in_place_of_a_list_is_refused() -> None:
    with pytest.raises(TypeError, match=r"give a list of names, \['user'\]"):
        App("shop", services="user")


@pytest.mark.parametrize("bound", ["max_body", "deadline", "call_timeout"])
def test_a_bound_that_lets_nothing_through_is_refused(bound: str) -> None:
    settings: Any = {bound: -1}
    with pytest.raises(ValueError, match=f"{bound}=-1"):
        App("shop", services=[], **settings)
