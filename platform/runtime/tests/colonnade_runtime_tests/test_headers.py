"""Headers of a call's own: how they are declared, sent and refused, and what they keep apart."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import pytest
from colonnade_runtime import App, FanOut, Header, Request, UpstreamError, declared, get, post, put
from colonnade_runtime.describe import _sent
from colonnade_runtime.errors import UpstreamUnreachable
from colonnade_runtime.signature import Parameter, Place
from colonnade_runtime.testing import AppClient, FakeUpstreams
from colonnade_runtime.testing.client import request_from

ALICE = {"x-user-id": "alice"}


class Thing(msgspec.Struct, frozen=True):
    id: str


class Region(StrEnum):
    NORTH = "north"


@post("shop", "/things")
async def make(body: Thing, key: Annotated[str | None, Header("Idempotency-Key")] = None) -> Thing:
    declared()


@post("shop", "/things/{thing_id}/price")
async def price(thing_id: str, *, region: Annotated[str, Header("X-Region")]) -> Thing:
    declared()


@get("shop", "/things", last_good=60)
async def things(
    region: Annotated[Region | str | None, Header("X-Region")] = None,
    tags: Annotated[list[int] | None, Header("X-Tags")] = None,
    *,
    fresh: Annotated[bool | None, Header("X-Fresh")] = None,
) -> Thing:
    declared()


@get("shop", "/things")
async def plain() -> Thing:
    declared()


def shop(view: Callable[[Request], Awaitable[Any]], services: FakeUpstreams) -> AppClient:
    app = App("shop", services=["shop"])
    app.get("/")(view)
    app.post("/")(view)
    return AppClient(app, services, ALICE)


async def sent(ask: Callable[[Request], Awaitable[Any]]) -> dict[str, str]:
    """Return the headers that a call adds to those of every call."""
    upstreams = FakeUpstreams()
    await shop(ask, upstreams).get("/")
    (call,) = upstreams.calls
    every = {"accept": "application/json", "x-user-id": "alice"}
    assert every.items() <= call.headers.items()
    return {name: value for name, value in call.headers.items() if name not in {*every, "x-request-id"}}


async def test_a_marked_parameter_is_sent_as_its_header_and_nowhere_else() -> None:
    json = {"content-type": "application/json"}
    assert {"idempotency-key": "k 1", **json} == await sent(lambda asked: make(asked, Thing("1"), "k 1"))
    assert {"x-region": "north"} == await sent(lambda asked: price(asked, "1", region="north"))


async def test_values_are_written_as_in_a_query_and_none_is_not_sent() -> None:
    told = {"x-region": "north", "x-tags": "1,2", "x-fresh": "true"}
    assert told == await sent(lambda asked: things(asked, Region.NORTH, [1, 2], fresh=True))
    assert {} == await sent(things)


@pytest.mark.parametrize("value", ["a\r\nx-user-id: bob", "a\nb", "\0", "caf\u00e9", "", " a", "a\t"])
async def test_a_value_that_is_no_line_of_ascii_is_the_clients_mistake(value: str) -> None:
    upstreams = FakeUpstreams({"shop POST /things": {"id": "1"}})

    answer = await shop(lambda asked: make(asked, Thing("1"), value), upstreams).post("/", None)

    assert (400, []) == (answer.status, upstreams.calls)
    assert "idempotency-key" in answer.json()["detail"]


async def test_a_key_is_handed_on_from_the_client() -> None:
    upstreams = FakeUpstreams({"shop POST /things": {"id": "1"}})
    client = shop(lambda asked: make(asked, Thing("1"), asked.idempotency_key), upstreams)

    await client.post("/", None, idempotency_key="k-1")
    await client.post("/", None)

    assert ["k-1", None] == [call.headers.get("idempotency-key") for call in upstreams.calls]


async def test_reads_with_different_headers_are_not_one_call() -> None:
    async def view(request: Request) -> list[Thing]:
        regions = ["north", "south", "north"]
        return list(
            await asyncio.gather(*(things(request, one) for one in regions), things(request), plain(request))
        )

    upstreams = FakeUpstreams({"shop GET /things": lambda call: {"id": call.headers.get("x-region", "-")}})

    answer = await shop(view, upstreams).get("/")

    assert ["north", "south", "north", "-", "-"] == [one["id"] for one in answer.json()]
    assert 3 == len(upstreams.calls)


async def test_a_last_good_answer_stands_in_for_its_headers_only() -> None:
    regions = iter(["north", "north", "south"])
    nothing = Thing("nothing")

    async def view(request: Request) -> Thing:
        async with FanOut(request) as fan:
            found = fan.optional("things", things(request, next(regions)), nothing)
        return found.result()

    upstreams = FakeUpstreams({"shop GET /things": {"id": "kept"}})
    client = shop(view, upstreams)
    answers = [await client.get("/")]
    upstreams.answers["shop GET /things"] = 404
    answers += [await client.get("/"), await client.get("/")]

    assert ["kept", "kept", "nothing"] == [one.json()["id"] for one in answers]


async def test_what_tells_last_good_answers_apart_counts_towards_their_bound() -> None:
    """However small the answers are, a client cannot fill the memory with what it asks for."""
    asked = request_from(ALICE, FakeUpstreams({"shop GET /things": {"id": "1"}}))

    await things(asked, "a" * 5000)
    await things(asked, "b" * 5000)

    assert 10_000 < asked.upstreams.last_good.size


class Breaking:
    """A service whose connection breaks once."""

    def __init__(self) -> None:
        self.broken = False

    def __call__(self, _call: object) -> object:
        if self.broken:
            return {"id": "1"}
        self.broken = True
        return UpstreamUnreachable("shop", "reset")


@pytest.mark.parametrize(("key", "calls"), [("k-1", 2), (None, 1)])
async def test_a_post_is_made_again_only_with_a_key(key: str | None, calls: int) -> None:
    async def view(request: Request) -> bool:
        try:
            await make(request, Thing("1"), key)
        except UpstreamError:
            return False
        return True

    upstreams = FakeUpstreams({"shop POST /things": Breaking()})

    answer = await shop(view, upstreams).get("/")

    assert (calls == 2, calls) == (answer.json(), len(upstreams.calls))
    assert {key} == {call.headers.get("idempotency-key") for call in upstreams.calls}


async def test_another_header_makes_no_post_repeatable() -> None:
    upstreams = FakeUpstreams({"shop POST /things/1/price": Breaking()})

    answer = await shop(lambda asked: price(asked, "1", region="north"), upstreams).get("/")

    assert (503, 1) == (answer.status, len(upstreams.calls))


def declare(kind: Any) -> None:  # noqa: ANN401 - any annotation
    async def call(thing_id: str, one: Any) -> Thing:  # noqa: ANN401 - as above
        declared()

    call.__annotations__["one"] = kind
    put("shop", "/things/{thing_id}")(call)


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "Content-Length",
        "content-type",
        "Connection",
        "TE",
        "Transfer-Encoding",
        "X-User-Id",
        "x-device-id",
        "X_User_Id",
        "traceparent",
        "X-Request-ID",
        "X-Envoy-Expected-Rq-Timeout-Ms",
        "X-Forwarded-For",
        "X-Original-URL",
        "Accept-Encoding",
        "",
        "X Region",
        "X-Region:",
        "X-R\u00e9gion",
    ],
)
def test_a_header_that_is_not_a_calls_is_refused_with_its_place(name: str) -> None:
    with pytest.raises(TypeError, match=r"test_headers.py:\d+: call: "):
        declare(Annotated[str, Header(name)])


@pytest.mark.parametrize(
    "kind",
    [
        Annotated[str, Header("X-Region")] | None,
        list[Annotated[str, Header("X-Region")]],
        Annotated[str, Header],
        Annotated[str, Header("X-One"), Header("X-Two")],
    ],
)
def test_a_mark_that_would_be_overlooked_is_refused_with_its_place(kind: Any) -> None:  # noqa: ANN401
    with pytest.raises(TypeError, match=r"test_headers.py:\d+: call: mark one as Annotated"):
        declare(kind)


def test_what_has_a_place_of_its_own_cannot_be_a_header() -> None:
    async def in_path(thing_id: Annotated[str, Header("X-Thing")]) -> Thing:
        declared()

    async def in_body(body: Annotated[Thing, Header("X-Thing")]) -> Thing:
        declared()

    async def twice(one: Annotated[str, Header("X-Thing")], two: Annotated[str, Header("x-thing")]) -> Thing:
        declared()

    wrong: list[tuple[str, Any, str]] = [
        ("/things/{thing_id}", in_path, "thing_id stands in the path"),
        ("/things", in_body, "body stands in the body"),
        ("/things", twice, "two parameters are the header x-thing"),
    ]
    for path, call, told in wrong:
        with pytest.raises(TypeError, match=told):
            post("shop", path)(call)


def test_a_header_is_described_as_it_travels() -> None:
    told = {one.name: (one.place, one.header) for one in things.parameters}

    assert {
        "region": (Place.HEADER, "X-Region"),
        "tags": (Place.HEADER, "X-Tags"),
        "fresh": (Place.HEADER, "X-Fresh"),
    } == told


@pytest.mark.parametrize(
    ("kind", "travels"),
    [
        (Annotated[list[int], Header("X-Tags")], str),
        (Annotated[list[int] | None, Header("X-Tags")], str | None),
        (Annotated[list[Region], msgspec.Meta(max_length=3)] | Region | None, str | None),
        (tuple, str),
        (int | None, int | None),
    ],
)
def test_a_list_travels_as_text(kind: Any, travels: Any) -> None:  # noqa: ANN401 - any annotation
    for place in (Place.QUERY, Place.HEADER):
        assert travels == _sent(Parameter("tags", place, kind, required=True))
    assert kind == _sent(Parameter("body", Place.BODY, kind, required=True))
