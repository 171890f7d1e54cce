"""Waiting for changes: nothing is missed, and all who wait share one call."""

import asyncio

import pytest
from colonnade_runtime import Changes, Watch, declared, get
from colonnade_runtime.request import Request
from colonnade_runtime.testing import FakeUpstreams, request_from
from colonnade_runtime.upstream import Call
from colonnade_runtime.watch import Bell


@get("order", "/changes", shared=True)
async def changes(after: int | None = None) -> Changes:
    declared()


class Service:
    """A service with a log of changes."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.failing = False
        self.moved = asyncio.Event()
        self.asked: list[Call] = []
        self.waiting = 0
        self.upstreams = FakeUpstreams({"order GET /changes": self.answer})

    async def answer(self, call: Call) -> object:
        self.asked.append(call)
        if self.failing:
            return 400
        query = call.target.partition("after=")[2]
        after = int(query) if query else len(self.log)
        self.waiting += 1
        try:
            while query and len(self.log) <= after:
                await self.moved.wait()
        finally:
            self.waiting -= 1
        return {"ids": self.log[after:], "next": len(self.log)}

    def change(self, key: str) -> None:
        self.log.append(key)
        self.moved.set()
        self.moved = asyncio.Event()


@pytest.fixture
async def service() -> Service:
    return Service()


@pytest.fixture
async def request_(service: Service) -> Request:
    return request_from({"x-user-id": "alice"}, service.upstreams)


async def rung(bell: Bell) -> None:
    await asyncio.wait_for(bell.rung(), 10)


async def test_who_waits_is_woken_by_a_change_of_their_thing_only(
    service: Service, request_: Request
) -> None:
    watch = Watch(changes)
    async with watch.of(request_, "1") as bell, watch.of(request_, "2") as other:
        await rung(bell)
        await rung(other)
        silent = asyncio.create_task(rung(other))
        service.change("1")
        await rung(bell)

        assert not silent.done()
        service.change("2")
        await silent


async def test_a_change_before_the_service_listens_is_not_missed(service: Service, request_: Request) -> None:
    async with Watch(changes).of(request_, "1") as bell:
        service.change("1")
        await rung(bell)


async def test_a_change_between_two_looks_is_not_missed(service: Service, request_: Request) -> None:
    async with Watch(changes).of(request_, "1") as bell:
        await rung(bell)
        service.change("1")
        service.change("3")
        await rung(bell)
        service.change("1")
        await rung(bell)


async def test_all_share_one_call_which_ends_with_the_last(service: Service, request_: Request) -> None:
    watch = Watch(changes)
    async with watch.of(request_, "1"):
        async with watch.of(request_, "1"), watch.of(request_, "2"):
            await asyncio.sleep(0.01)
            assert 1 == service.waiting
        assert 1 == service.waiting
    await asyncio.sleep(0.01)

    assert 0 == service.waiting
    assert 2 == len(service.asked)


async def test_the_call_tells_no_identity(service: Service, request_: Request) -> None:
    async with Watch(changes).of(request_, "1") as bell:
        await rung(bell)

    assert "x-user-id" not in service.asked[0].headers


async def test_what_changes_while_the_service_fails_is_told_later(
    service: Service, request_: Request
) -> None:
    async with Watch(changes).of(request_, "1") as bell:
        await rung(bell)
        service.failing = True
        service.change("2")
        await asyncio.sleep(0.01)
        service.change("1")
        assert len(service.asked) > 1
        service.failing = False

        await rung(bell)


async def test_a_service_that_counts_anew_has_all_look_again(service: Service, request_: Request) -> None:
    answers = iter([{"ids": [], "next": 5}, {"ids": [], "next": 0}])
    service.upstreams.answers["order GET /changes"] = lambda _call: next(answers, 400)
    async with Watch(changes).of(request_, "1") as bell:
        await rung(bell)
        await rung(bell)
