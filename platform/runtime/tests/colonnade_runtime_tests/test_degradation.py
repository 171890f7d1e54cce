"""Fallbacks: a constant, another call, the last good answer; and the kit that tries them all."""

from typing import Any

import msgspec
import pytest
from colonnade_runtime import App, FanOut, Request, declared, get, post
from colonnade_runtime.testing import AppClient, FakeUpstreams, check_degradation

ALICE = {"x-user-id": "alice"}


class Thing(msgspec.Struct, frozen=True):
    name: str


@get("news", "/news", last_good=60.0)
async def news() -> Thing:
    declared()


@get("news", "/all-news", last_good=60.0, shared=True)
async def all_news() -> Thing:
    declared()


@get("user", "/tips")
async def tips() -> Thing:
    declared()


@get("user", "/defaults")
async def defaults() -> Thing:
    declared()


@post("news", "/seen")
async def note() -> None:
    declared()


class Screen(msgspec.Struct, frozen=True):
    news: Thing
    tips: Thing
    degraded: list[str]


async def screen(request: Request) -> Screen:
    async with FanOut(request) as fan:
        newest = fan.optional("news", news(request), Thing("none"))
        tip = fan.either("tips", tips(request), lambda: defaults(request))
    return Screen(newest.result(), tip.result(), fan.degraded)


async def headlines(request: Request) -> Thing:
    async with FanOut(request) as fan:
        newest = fan.recent("headlines", news(request))
    return newest.result()


async def public(request: Request) -> Thing:
    async with FanOut(request) as fan:
        newest = fan.recent("headlines", all_news(request))
    return newest.result()


async def hiding(request: Request) -> Thing:
    """A view that keeps to itself what is missing."""
    async with FanOut(request) as fan:
        newest = fan.optional("news", news(request), Thing("none"))
    request._degraded.clear()
    return newest.result()


@pytest.fixture
def client() -> AppClient:
    app = App("shop", services=["news", "user"])
    app.get("/")(screen)
    app.get("/headlines")(headlines)
    app.get("/public")(public)
    app.get("/hiding")(hiding)
    answers: dict[str, Any] = {
        "news GET /news": {"name": "fresh"},
        "news GET /all-news": {"name": "fresh"},
        "user GET /tips": {"name": "tip"},
        "user GET /defaults": {"name": "default"},
    }
    return AppClient(app, FakeUpstreams(answers), ALICE)


async def test_every_combination_is_tried_that_of_a_fallback_too(client: AppClient) -> None:
    assert 4**3 == await check_degradation(client, "/", news=news, tips=tips)


async def test_a_call_of_which_nothing_is_read_is_never_malformed() -> None:
    async def seen(request: Request) -> str:
        await note(request)
        return "noted"

    app = App("shop", services=["news"])
    app.post("/seen")(seen)

    assert 3 == await check_degradation(
        AppClient(app, FakeUpstreams({"news POST /seen": 204})), "/seen", method="POST"
    )


async def test_the_kit_finds_a_view_that_hides_what_is_missing(client: AppClient) -> None:
    with pytest.raises(AssertionError, match="news GET /news timeout: X-Degraded is None"):
        await check_degradation(client, "/hiding", news=news)


async def test_the_kit_finds_a_call_that_is_less_needed_than_declared(client: AppClient) -> None:
    with pytest.raises(AssertionError, match="answered 200, a required call failed"):
        await check_degradation(client, "/", tips=tips)


async def test_the_kit_finds_a_call_that_is_more_needed_than_declared(client: AppClient) -> None:
    with pytest.raises(AssertionError, match=r"answered 50[24], only optional calls failed"):
        await check_degradation(client, "/headlines", headlines=news)


async def test_what_is_missing_is_told_in_the_answer_and_in_a_header(client: AppClient) -> None:
    whole = await client.get("/")
    assert ([], None) == (whole.json()["degraded"], whole.headers.get("x-degraded"))
    client.upstreams.answers["user GET /tips"] = 500

    answer = await client.get("/")

    assert ({"name": "default"}, ["tips"]) == (answer.json()["tips"], answer.json()["degraded"])
    assert "tips" == answer.headers["x-degraded"]


@pytest.mark.parametrize("url", ["/headlines", "/public"])
async def test_the_last_good_answer_stands_in_and_is_called_so(client: AppClient, url: str) -> None:
    assert "x-degraded" not in (await client.get(url)).headers
    client.upstreams.answers |= {"news GET /news": 500, "news GET /all-news": 500}

    answer = await client.get(url)

    assert (200, {"name": "fresh"}, "headlines") == (
        answer.status,
        answer.json(),
        answer.headers["x-degraded"],
    )


@pytest.mark.parametrize("other", [{"x_user_id": "bob"}, {"x_user_roles": "admin"}, {"x_client_id": "app"}])
async def test_the_last_good_answer_is_never_anothers(client: AppClient, other: dict[str, str]) -> None:
    await client.get("/headlines")
    client.upstreams.answers["news GET /news"] = 500

    assert 502 == (await client.get("/headlines", **other)).status


async def test_what_is_the_same_for_all_is_kept_for_all(client: AppClient) -> None:
    await client.get("/public")
    client.upstreams.answers["news GET /all-news"] = 500

    assert {"name": "fresh"} == (await client.get("/public", x_user_id="bob")).json()
