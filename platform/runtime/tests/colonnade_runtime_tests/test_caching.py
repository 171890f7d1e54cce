"""What clients are told of keeping answers, and how they ask whether one still holds."""

from collections.abc import Callable

import pytest
from colonnade_runtime import Answer, App, FanOut, Request, declared, get, private, shared
from colonnade_runtime.app import Caller
from colonnade_runtime.caching import Caching
from colonnade_runtime.testing import AppClient, FakeUpstreams


@get("product", "/products")
async def catalogue() -> list[str]:
    declared()


async def products(request: Request) -> list[str]:
    async with FanOut(request) as fan:
        found = fan.optional("products", catalogue(request), [])
    return found.result()


async def mine(request: Request) -> dict[str, str]:
    return {"user": request.user_id}


async def missing(_request: Request) -> Answer:
    return Answer({}, status=202)


def client(cache: Caching | None, caller: Caller | None = None) -> AppClient:
    app = App("test", services=["product"], caller=caller)
    app.get("/products", cache=cache)(products)
    app.get("/mine", cache=cache)(mine)
    app.get("/missing", cache=cache)(missing)
    return AppClient(app, FakeUpstreams({"product GET /products": ["lamp"]}), {"x-user-id": "alice"})


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        ({"max_age": -5}, "max_age=-5"),
        ({"max_age": 0.5}, "max_age=0.5"),
        ({"max_age": 5, "stale_while_revalidate": -1}, "stale_while_revalidate=-1"),
        ({"max_age": 5, "stale_if_error": -1}, "stale_if_error=-1"),
    ],
)
@pytest.mark.parametrize("cache", [private, shared])
def test_seconds_that_no_header_can_say_are_refused(
    cache: Callable[..., Caching], seconds: dict[str, int], told: str
) -> None:
    with pytest.raises(ValueError, match=f"{told}: give whole seconds"):
        cache(**seconds)


@pytest.mark.parametrize(
    ("cache", "caller", "told"),
    [
        (None, None, "no-store"),
        (private(), "user", "private, no-cache"),
        (private(60), "user", "private, max-age=60"),
        (shared(60), None, "public, max-age=60"),
        (shared(60), "user", "private, max-age=60"),  # no cache between asks who it is
        (shared(0), None, "no-cache"),
        (
            shared(60, stale_while_revalidate=30, stale_if_error=300),
            None,
            "public, max-age=60, stale-while-revalidate=30, stale-if-error=300",
        ),
    ],
)
async def test_a_view_says_how_its_answers_may_be_kept(
    cache: Caching | None, caller: Caller | None, told: str
) -> None:
    answer = await client(cache, caller).get("/products")

    assert (told, cache is not None) == (answer.headers["cache-control"], "etag" in answer.headers)


@pytest.mark.parametrize("given", ["{tag}", '"other", {tag}', "*", "{strong}"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_who_has_the_answer_already_is_told_so(method: str, given: str) -> None:
    asking = client(private())
    tag = (await asking.get("/products")).headers["etag"]

    answer = await asking.request(
        method, "/products", if_none_match=given.format(tag=tag, strong=tag.removeprefix("W/"))
    )

    assert (304, b"") == (answer.status, answer.body)
    assert {"cache-control": "private, no-cache", "etag": tag, "vary": "accept"} == answer.headers


@pytest.mark.parametrize("given", ['"other"', "", 'W/"', "other"])
async def test_who_has_another_answer_is_sent_this_one(given: str) -> None:
    answer = await client(private()).get("/products", if_none_match=given)

    assert (200, ["lamp"]) == (answer.status, answer.json())


async def test_tags_tell_answers_apart() -> None:
    asking = client(private())
    tags = {(await asking.get("/mine", x_user_id=user)).headers["etag"] for user in ("alice", "bob", "alice")}

    assert 2 == len(tags)


async def test_an_answer_without_a_part_may_not_be_kept() -> None:
    asking = client(shared(60))
    asking.upstreams.answers = {"product GET /products": 503}
    answer = await asking.get("/products", if_none_match="*")

    assert (200, "no-store", "products") == (
        answer.status,
        answer.headers["cache-control"],
        answer.headers["x-degraded"],
    )


async def test_an_answer_other_than_200_may_not_be_kept() -> None:
    answer = await client(shared(60)).get("/missing")

    assert (202, "no-store") == (answer.status, answer.headers["cache-control"])


async def test_an_error_may_not_be_kept() -> None:
    answer = await client(private(60), "device").get("/products")

    assert (401, "no-store") == (answer.status, answer.headers["cache-control"])


async def test_a_view_for_all_is_not_told_who_asks() -> None:
    assert 500 == (await client(shared(60), "user").get("/mine")).status


async def test_services_are_not_told_who_asks_a_view_for_all() -> None:
    asking = client(shared(60), "user")
    await asking.get("/products", x_user_roles="admin", traceparent="t")

    assert [("t", False)] == [
        (call.headers["traceparent"], any(name.startswith("x-user") for name in call.headers))
        for call in asking.upstreams.calls
    ]
