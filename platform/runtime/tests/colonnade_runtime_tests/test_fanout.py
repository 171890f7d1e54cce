"""Calls at once: required, optional, one after the other, cancelled."""

import asyncio

import pytest
from colonnade_runtime.errors import UpstreamError, UpstreamStatus, UpstreamTimeout
from colonnade_runtime.fanout import FanOut
from colonnade_runtime.request import Request


async def answer(value: str) -> str:
    await asyncio.sleep(0)
    return value


async def fail(error: Exception) -> str:
    await asyncio.sleep(0)
    raise error


async def test_what_was_started_is_there_at_the_end(asked: Request) -> None:
    async with FanOut(asked) as fan:
        one = fan.required(answer("one"))
        two = fan.optional("two", answer("two"), "")

    assert ("one", "two", []) == (one.result(), two.result(), fan.degraded)


async def test_calls_run_at_once(asked: Request) -> None:
    met = asyncio.Barrier(3)

    async def meet() -> int:
        return await met.wait()

    async with FanOut(asked) as fan:
        places = [fan.required(meet()) for _ in range(3)]

    assert {0, 1, 2} == {place.result() for place in places}


async def test_an_optional_call_that_fails_yields_its_default_and_is_named(asked: Request) -> None:
    async with FanOut(asked) as fan:
        orders = fan.optional("orders", fail(UpstreamTimeout("order", "late")), "none")
        titles = fan.optional("a_title", fail(UpstreamStatus("product", 500)), "untitled")

    assert ("none", "untitled", ["a_title", "orders"]) == (orders.result(), titles.result(), fan.degraded)


async def test_a_call_that_needs_another_can_be_optional_too(asked: Request) -> None:
    async def both(fan: FanOut) -> str:
        first = await answer("first")
        return first + await fan.attempt("second", fail(UpstreamTimeout("x", "late")), " alone")

    async with FanOut(asked) as fan:
        told = fan.required(both(fan))

    assert ("first alone", ["second"]) == (told.result(), fan.degraded)


async def test_a_required_call_that_fails_ends_the_others(asked: Request) -> None:
    ended = asyncio.Event()

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def view() -> None:
        async with FanOut(asked) as fan:
            fan.required(endless())
            fan.required(fail(UpstreamTimeout("user", "late")))

    with pytest.raises(UpstreamError, match="user"):
        await view()

    assert ended.is_set()


async def test_a_mistake_in_an_optional_call_is_not_hidden(asked: Request) -> None:
    with pytest.raises(KeyError):
        async with FanOut(asked) as fan:
            fan.optional("orders", fail(KeyError("typo")), "")


async def test_an_error_between_the_calls_comes_through_and_ends_them(asked: Request) -> None:
    started: list[asyncio.Task[str]] = []

    async def view() -> None:
        async with FanOut(asked) as fan:
            started.append(fan.required(answer("never asked for")))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await view()

    assert started[0].cancelled()


async def test_a_askedgiven_up_ends_its_calls(asked: Request) -> None:
    started: list[asyncio.Task[str]] = []

    async def view() -> None:
        async with FanOut(asked) as fan:
            started.append(fan.required(asyncio.sleep(3600, "late")))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await view()

    assert started[0].cancelled()


async def test_nothing_started_is_nothing_to_wait_for(asked: Request) -> None:
    async with FanOut(asked) as fan:
        pass

    assert [] == fan.degraded
