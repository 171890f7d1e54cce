"""Answers that are kept in the process: for how long, what stands in when stale, and for whom."""

import asyncio

import msgspec
import pytest
from colonnade_runtime import App, PageQuery, Request, declared, get, private, shared
from colonnade_runtime.caching import Caching, Encoded
from colonnade_runtime.errors import UpstreamStatus
from colonnade_runtime.kept_answers import KeptAnswers
from colonnade_runtime.testing import AppClient, FakeUpstreams
from hypothesis import given, settings
from hypothesis import strategies as some


class View:
    """Makes numbered answers, at a time that is told."""

    def __init__(self) -> None:
        self.now = 0.0
        self.made = 0
        self.fails: Exception | None = None
        self.answers = KeptAnswers(lambda: self.now)

    async def make(self) -> Encoded:
        await asyncio.sleep(0)
        if self.fails is not None:
            raise self.fails
        self.made += 1
        return Encoded(200, [("etag", str(self.made))], str(self.made).encode())

    async def ask(self, caching: Caching, key: str = "key") -> tuple[bytes, str | None]:
        answer = await self.answers.answer((key,), caching, self.make, self.make)
        return answer.body, dict(answer.headers).get("age")


DOWN = UpstreamStatus("product", 500)
STALE_TOO = shared(10, stale_while_revalidate=5, stale_if_error=50)


async def all_done() -> None:
    """Wait until no other task is left."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)


async def test_an_answer_is_made_anew_when_it_does_not_hold_any_more() -> None:
    view = View()
    assert (b"1", None) == await view.ask(shared(10))
    view.now = 9.9
    assert (b"1", "9") == await view.ask(shared(10))
    view.now = 10.0
    assert (b"2", None) == await view.ask(shared(10))


async def test_each_key_has_its_answer() -> None:
    view = View()

    assert [b"1", b"2", b"1"] == [(await view.ask(shared(10), key))[0] for key in ("a", "b", "a")]


async def test_a_stale_answer_is_renewed_once_while_it_stands_in() -> None:
    view = View()
    await view.ask(STALE_TOO)
    view.now = 12.0
    assert [(b"1", "12")] * 3 == [await view.ask(STALE_TOO) for _ in range(3)]
    await all_done()

    assert (b"2", "0") == await view.ask(STALE_TOO)
    assert 2 == view.made


@pytest.mark.parametrize("error", [DOWN, TimeoutError(), RuntimeError("unexpected")])
async def test_a_renewal_that_fails_is_tried_again(error: Exception) -> None:
    view = View()
    await view.ask(STALE_TOO)
    view.now, view.fails = 12.0, error
    assert (b"1", "12") == await view.ask(STALE_TOO)
    await all_done()
    view.fails = None
    assert (b"1", "12") == await view.ask(STALE_TOO)
    await all_done()

    assert (b"2", "0") == await view.ask(STALE_TOO)


async def test_a_stale_answer_stands_in_for_a_service_that_fails() -> None:
    view = View()
    await view.ask(STALE_TOO)
    view.now, view.fails = 59.0, DOWN
    assert (b"1", "59") == await view.ask(STALE_TOO)
    view.now = 60.0

    with pytest.raises(UpstreamStatus):
        await view.ask(STALE_TOO)


async def test_a_mistake_of_our_own_is_not_hidden() -> None:
    view = View()
    await view.ask(STALE_TOO)
    view.now, view.fails = 20.0, RuntimeError("unexpected")

    with pytest.raises(RuntimeError):
        await view.ask(STALE_TOO)


async def test_what_may_not_be_kept_is_not() -> None:
    view = View()

    async def degraded() -> Encoded:
        return Encoded(200, [("x-degraded", "orders")], b"")

    await view.answers.answer(("key",), shared(10), degraded, degraded)

    assert (b"1", None) == await view.ask(shared(10))


@get("product", "/products/{product_id}")
async def product_with(product_id: str) -> dict[str, str]:
    declared()


@get("order", "/orders")
async def orders_of(user_id: str) -> dict[str, str]:
    declared()


async def product(request: Request) -> dict[str, str]:
    return await product_with(request, request.parameters["id"])


async def orders(request: Request) -> dict[str, str]:
    found = await orders_of(request, request.user_id)
    return {**found, "cursor": request.query(PageQuery).cursor or ""}


async def posted(request: Request) -> dict[str, str]:
    return await request.body(dict[str, str])


def shop(*, caller: bool = True) -> AppClient:
    app = App("shop", services=["product", "order"], caller="user" if caller else None)
    app.get("/products/{id}", cache=shared(60))(product)
    app.get("/orders", cache=private(60))(orders)
    app.get("/posted", cache=shared(60))(posted)
    answers = {
        f"product GET /products/{one}": lambda call: {"told": call.headers.get("x-user-id", "nobody")}
        for one in ("1", "2")
    }
    return AppClient(
        app,
        FakeUpstreams({**answers, "order GET /orders": lambda call: {"of": call.target.rpartition("=")[2]}}),
    )


async def test_what_is_the_same_for_all_is_read_once_and_by_nobody() -> None:
    client = shop()
    answers = [await client.get("/products/1", x_user_id=user) for user in ("alice", "bob", "carol")]

    assert [{"told": "nobody"}] * 3 == [answer.json() for answer in answers]
    assert 1 == len(client.upstreams.calls)


async def test_a_kept_answer_is_for_callers_only() -> None:
    client = shop()
    await client.get("/products/1", x_user_id="alice")

    assert [401, 401] == [
        (await client.get("/products/1", **headers)).status for headers in ({}, {"x_user_id": ""})
    ]


async def test_who_has_a_kept_answer_already_is_told_so() -> None:
    client = shop()
    tag = (await client.get("/orders", x_user_id="alice")).headers["etag"]
    answer = await client.get("/orders", x_user_id="alice", if_none_match=tag)

    assert (304, "0", 1) == (answer.status, answer.headers["age"], len(client.upstreams.calls))


async def test_a_question_with_a_body_is_asked_each_time() -> None:
    client = shop()
    for name in ("a", "b"):
        body = msgspec.json.encode({"name": name})
        assert {"name": name} == (await client.request("GET", "/posted", body, x_user_id="alice")).json()


async def test_without_a_caller_nothing_private_is_kept() -> None:
    async def mine(_request: Request) -> dict[str, int]:
        return {"made": next(numbers)}

    numbers = iter(range(9))
    app = App("open", services=[])
    app.get("/mine", cache=private(60))(mine)
    client = AppClient(app)

    assert [0, 1] == [(await client.get("/mine")).json()["made"] for _ in range(2)]
    assert [2, 2, 3] == [
        (await client.get("/mine", x_device_id=device)).json()["made"] for device in ("a", "a", "A")
    ]


USERS = some.sampled_from(["alice", "Alice", "alice ", "bob", "", "None", "alice,bob"]) | some.text(
    "ab;=\n", max_size=3
)
PATHS = some.sampled_from(["/orders", "/orders?", "/orders?cursor=a", "/orders?x-user-id=bob", "/products/1"])
OTHERS = some.dictionaries(
    some.sampled_from(["x_user_roles", "x_client_id", "x_device_id", "accept", "if_none_match", "vary"]),
    some.sampled_from(["admin", "alice", "bob", "application/msgpack", '"x"']),
    max_size=3,
)


@settings(max_examples=60, deadline=None)
@given(some.lists(some.tuples(USERS, PATHS, OTHERS), min_size=2, max_size=12))
def test_nobody_is_ever_told_what_another_was(asked: list[tuple[str, str, dict[str, str]]]) -> None:
    """Whatever the users, questions and headers: each is told their own, or what is the same for all."""

    async def ask_all() -> None:
        client = shop()
        for user, path, headers in asked:
            answer = await client.get(path, x_user_id=user, **headers)
            if not user:
                assert 401 == answer.status
                continue
            decode = msgspec.msgpack if "msgpack" in answer.headers["content-type"] else msgspec.json
            document = decode.decode(answer.body)
            if path.startswith("/products"):
                assert {"told": "nobody"} == document
            else:
                fresh = await shop().get(path, x_user_id=user)
                assert fresh.json() == document

    asyncio.run(ask_all())
