"""What a call meets between view and service: shared flights, places, hedges, in an application."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from colonnade_runtime import App, Bulkhead, Request, Upstream, declared, get, post, shared
from colonnade_runtime.errors import UpstreamBusy, UpstreamError, UpstreamOpen, UpstreamTimeout
from colonnade_runtime.testing import AppClient, FakeUpstreams
from colonnade_runtime.upstream import Call

ALICE = {"x-user-id": "alice"}


class Thing(msgspec.Struct, frozen=True):
    id: str


@get("shop", "/things/{thing_id}")
async def thing(thing_id: str) -> Thing:
    declared()


@get("shop", "/news", shared=True)
async def news() -> Thing:
    declared()


@get("shop", "/slow", hedge=0.01)
async def hedged() -> Thing:
    declared()


@post("shop", "/things")
async def make(body: Thing) -> Thing:
    declared()


def shop(view: Callable[[Request], Awaitable[Any]], services: FakeUpstreams, **settings: Any) -> AppClient:  # noqa: ANN401
    app = App("shop", services=["shop"], **settings)
    app.get("/")(view)
    return AppClient(app, services, ALICE)


class Gate:
    """A service that holds its answers back until told."""

    def __init__(self, document: object) -> None:
        self.opened = asyncio.Event()
        self._arrived = asyncio.Semaphore(0)
        self.document = document
        self.calls: list[Call] = []
        self.cancelled = 0

    async def __call__(self, call: Call) -> object:
        self.calls.append(call)
        self._arrived.release()
        try:
            await self.opened.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return self.document

    async def asked(self, times: int = 1) -> None:
        """Wait until it was asked so many times more."""
        for _ in range(times):
            await self._arrived.acquire()


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_identical_reads_of_a_request_are_one_call() -> None:
    async def view(request: Request) -> list[Thing]:
        return list(await asyncio.gather(*(thing(request, "1") for _ in range(3)), thing(request, "2")))

    upstreams = FakeUpstreams({"shop GET /things/1": {"id": "1"}, "shop GET /things/2": {"id": "2"}})

    client = shop(view, upstreams)

    assert [{"id": "1"}] * 3 + [{"id": "2"}] == (await client.get("/")).json()
    assert ["/things/1", "/things/2"] == [call.target for call in upstreams.calls]
    (spent,) = client.spent.values()
    assert (2, 2 * len(b'{"id":"1"}')) == (spent.calls, spent.received)


async def test_writes_are_never_shared() -> None:
    async def view(request: Request) -> None:
        await asyncio.gather(make(request, Thing("1")), make(request, Thing("1")))

    upstreams = FakeUpstreams({"shop POST /things": {"id": "1"}})
    await shop(view, upstreams).get("/")

    assert 2 == len(upstreams.calls)


async def test_requests_share_nothing_by_default() -> None:
    gate = Gate({"id": "1"})
    client = shop(lambda request: thing(request, "1"), FakeUpstreams({"shop GET /things/1": gate}))
    asking = asyncio.gather(client.get("/"), client.get("/", x_user_id="bob"), client.get("/"))
    await gate.asked(3)
    gate.opened.set()

    assert [200] * 3 == [answer.status for answer in await asking]
    assert ["alice", "bob", "alice"] == [call.headers["x-user-id"] for call in gate.calls]


async def two_users_share_a_call_which_tells_of_none(client: AppClient, gate: Gate) -> None:
    asking = asyncio.gather(client.get("/"), client.get("/", x_user_id="bob"))
    await gate.asked()
    await settle()
    gate.opened.set()

    assert [200, 200] == [answer.status for answer in await asking]
    assert [False] == ["x-user-id" in call.headers for call in gate.calls]


async def test_requests_share_a_call_declared_so_which_tells_nobody_who_asks() -> None:
    gate = Gate({"id": "1"})
    client = shop(news, FakeUpstreams({"shop GET /news": gate}))

    await two_users_share_a_call_which_tells_of_none(client, gate)


async def test_requests_for_an_answer_that_is_the_same_for_all_share_its_calls() -> None:
    gate = Gate({"id": "1"})
    app = App("shop", services=["shop"])
    app.get("/", cache=shared(60))(lambda request: thing(request, "1"))
    client = AppClient(app, FakeUpstreams({"shop GET /things/1": gate}), ALICE)

    await two_users_share_a_call_which_tells_of_none(client, gate)


async def test_who_waits_for_a_call_that_is_given_up_asks_again() -> None:
    gate = Gate({"id": "1"})
    client = shop(news, FakeUpstreams({"shop GET /news": gate}))
    first = asyncio.create_task(client.get("/"))
    await gate.asked()
    second = asyncio.create_task(client.get("/"))
    await settle()
    first.cancel()
    await gate.asked()
    gate.opened.set()

    assert 200 == (await second).status


async def test_who_waits_for_a_call_that_fails_is_told_so() -> None:
    async def view(request: Request) -> list[str]:
        results = await asyncio.gather(thing(request, "1"), thing(request, "1"), return_exceptions=True)
        return [type(result).__name__ for result in results]

    upstreams = FakeUpstreams({"shop GET /things/1": 500})

    assert ["UpstreamStatus"] * 2 == (await shop(view, upstreams).get("/")).json()
    assert 1 == len(upstreams.calls)


async def test_a_service_has_so_many_places_and_the_next_in_line_gets_the_free_one() -> None:
    gate = Gate({"id": "1"})
    settings = {"shop": Upstream(bulkhead=Bulkhead(places=2, queue=1))}
    client = shop(
        lambda request: thing(request, "1"),
        FakeUpstreams({"shop GET /things/1": gate}),
        upstreams=settings,
    )
    asking = [asyncio.create_task(client.get("/")) for _ in range(3)]
    await gate.asked(2)
    await settle()

    refused = await client.get("/")
    assert (503, 2) == (refused.status, len(gate.calls))
    gate.opened.set()
    assert [200] * 3 == [answer.status for answer in await asyncio.gather(*asking)]
    assert 200 == (await client.get("/")).status


async def test_waiting_for_a_place_ends_with_the_calls_time_and_says_nothing_of_the_service() -> None:
    gate = Gate({"id": "1"})
    seen: list[type[UpstreamError]] = []

    async def view(request: Request) -> None:
        try:
            await thing(request, "1")
        except UpstreamError as error:
            seen.append(type(error))
            raise

    settings = {"shop": Upstream(bulkhead=Bulkhead(places=1))}
    upstreams = FakeUpstreams({"shop GET /things/1": gate})
    client = shop(view, upstreams, upstreams=settings, deadline=60.0, call_timeout=60.0)
    holding = asyncio.create_task(client.get("/"))
    await gate.asked()
    late = await asyncio.gather(*(client.get("/", x_envoy_expected_rq_timeout_ms="1000") for _ in range(5)))
    assert [503] * 5 == [answer.status for answer in late]
    gate.opened.set()

    assert 200 == (await holding).status
    assert [UpstreamBusy] * 5 == seen
    assert 200 == (await client.get("/")).status


async def test_one_who_waits_for_a_place_can_be_given_up() -> None:
    gate = Gate({"id": "1"})
    settings = {"shop": Upstream(bulkhead=Bulkhead(places=1))}
    client = shop(
        lambda request: thing(request, "1"),
        FakeUpstreams({"shop GET /things/1": gate}),
        upstreams=settings,
    )
    first, second = (asyncio.create_task(client.get("/")) for _ in range(2))
    await gate.asked()
    await settle()
    second.cancel()
    gate.opened.set()

    assert 200 == (await first).status
    assert 200 == (await client.get("/")).status


async def test_a_slow_read_is_made_twice_and_the_loser_is_ended() -> None:
    slow = Gate({"id": "slow"})
    answers = [slow, {"id": "fast"}]

    async def answer(call: Call) -> object:
        one = answers.pop(0)
        return await one(call) if isinstance(one, Gate) else one

    upstreams = FakeUpstreams({"shop GET /slow": answer})
    client = shop(hedged, upstreams)

    assert {"id": "fast"} == (await client.get("/")).json()
    assert (2, 1) == (len(upstreams.calls), slow.cancelled)


async def test_a_hedge_that_fails_does_not_win() -> None:
    slow = Gate({"id": "slow"})
    answers = [slow, 503]

    async def answer(call: Call) -> object:
        one = answers.pop(0)
        if isinstance(one, Gate):
            return await one(call)
        slow.opened.set()
        return one

    client = shop(hedged, FakeUpstreams({"shop GET /slow": answer}))

    assert {"id": "slow"} == (await client.get("/")).json()


@pytest.mark.parametrize("failure", [503, UpstreamTimeout("shop", "late")])
async def test_a_service_that_fails_three_times_is_left_alone_and_others_are_not(failure: object) -> None:
    upstreams = FakeUpstreams({"shop GET /things/1": failure})
    client = shop(lambda request: thing(request, "1"), upstreams)
    for _ in range(3):
        await client.get("/")
    made = len(upstreams.calls)

    refused = await client.get("/")

    assert (503, "2", made) == (refused.status, refused.headers["retry-after"], len(upstreams.calls))


async def test_an_open_circuit_costs_no_place_and_no_wait() -> None:
    error = UpstreamOpen("shop", 1.5)

    assert "shop: left alone for 1.5 s more" == str(error)
    assert (1.5, "shop") == (error.again().retry_after, error.again().service)
