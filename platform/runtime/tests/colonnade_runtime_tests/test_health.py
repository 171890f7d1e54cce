"""Instances of a service that are asked how they are: who is ill gets no calls, who is back few at first."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from colonnade_runtime.errors import SettingsError, UpstreamTimeout
from colonnade_runtime.http_transport import connected
from colonnade_runtime.settings import Settings
from colonnade_runtime.upstream import Ask, Balance, Call, Reply
from colonnade_runtime.upstream.balance import Balanced
from colonnade_runtime.upstream.health import Health, health_of, watch
from colonnade_runtime.upstream.spread import Spread

from colonnade_runtime_tests import instances
from colonnade_runtime_tests.instances import several

READ = Ask("order", "GET", "/")
PATIENCE_S = 20.0
OFTEN = Health(interval=0.01, timeout=PATIENCE_S, slow_start=0.0)


def call() -> Call:
    now = asyncio.get_running_loop().time()
    return Call(READ, "/", {}, None, now, now + PATIENCE_S, {})


@asynccontextmanager
async def service(those: Sequence[instances.Instance], health: Health) -> AsyncIterator[Spread]:
    urls = {"order": [one.url for one in those]}
    async with connected(urls, {"order": Balance("round_robin")}, health={"order": health}) as transport:
        yield transport


async def who(transport: Spread) -> str:
    return bytes((await transport.send(call())).body).decode()


async def told(transport: Spread, line: str) -> None:
    """Wait until the metrics have a line."""
    async with asyncio.timeout(PATIENCE_S):
        while f"colonnade_instance_{line}" not in transport.metrics():  # noqa: ASYNC110 - threads answer
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("health", [503, None], ids=["unwell", "silent"])
async def test_an_instance_that_is_ill_gets_no_calls_until_it_is_well(health: int | None) -> None:
    with several(2) as those:
        those[1].health = health
        async with service(those, OFTEN) as transport:
            await told(transport, 'used{service="order",instance="order-2"} 0.0')
            before = those[1].asked
            ill = {await who(transport) for _ in range(10)}
            unasked = those[1].asked == before
            those[1].health = 200
            await told(transport, 'used{service="order",instance="order-2"} 1.0')
            well = {await who(transport) for _ in range(10)}
            await told(transport, 'left_out_total{service="order",instance="order-2"} 1.0')

    assert ({"0"}, True, {"0", "1"}) == (ill, unasked, well)


async def test_nobody_is_asked_once_the_transport_is_closed() -> None:
    with several(2) as those:
        async with service(those, OFTEN):
            async with asyncio.timeout(PATIENCE_S):
                while those[0].checked < 3:  # noqa: ASYNC110 - another thread counts
                    await asyncio.sleep(0.005)
        await asyncio.sleep(0)
        watching = [task for task in asyncio.all_tasks() if not task.done()]

    assert watching == [asyncio.current_task()]


async def test_if_all_are_ill_all_are_tried() -> None:
    with several(2) as those:
        for one in those:
            one.health = 500
        async with service(those, OFTEN) as transport:
            await told(transport, 'used{service="order",instance="order"} 0.0')
            await told(transport, 'used{service="order",instance="order-2"} 0.0')
            names = {await who(transport) for _ in range(10)}

    assert {"0", "1"} == names


class Ended(Exception):  # noqa: N818 - what ends a watch
    """Nothing more is answered."""


async def watched(answers: Sequence[int | None], health: Health) -> list[bool]:
    """Whether the instance is used after each answer; None is one that was too late."""
    left = iter(answers)
    used: list[bool] = []

    async def answer(_call: Call) -> Reply:
        status = next(left, 0)
        if status is None:
            raise UpstreamTimeout("order", "late")
        return Reply(status, b"")

    async def sleep(_seconds: float) -> None:
        used.append(instance.used)
        if len(used) == len(answers):
            raise Ended

    instance = Balanced([answer, answer], Balance(), lambda: 0.0).instances[0]
    with pytest.raises(Ended):
        await watch("order", instance, health, lambda: 0.0, sleep)
    return used


@pytest.mark.parametrize(
    ("answers", "used"),
    [
        ([200, 503, 200, 200, 200], [True, False, False, False, True]),
        ([None, 200, None, None, 200], [True, True, True, False, False]),
        ([None, 404, 200, 200, None], [True, False, False, False, False]),
        ([500, 200, 200, 500, 200], [False] * 5),
    ],
    ids=["bad answer", "silence", "two good ones", "begins anew"],
)
async def test_the_thresholds_are_of_answers_in_a_row(answers: list[int | None], used: list[bool]) -> None:
    assert used == await watched(answers, Health(unhealthy=2, healthy=3))


class Times:
    """A clock, and two instances that count."""

    def __init__(self, balance: Balance) -> None:
        self.now = 100.0
        self.asked = [0, 0]
        self.status = 200
        draw = random.Random(7).random  # noqa: S311 - no secret
        self.balanced = Balanced(
            [self._first, self._second], balance, lambda: self.now, slow_start=10.0, random=draw
        )

    async def _first(self, _call: Call) -> Reply:
        self.asked[0] += 1
        return Reply(200, b"")

    async def _second(self, _call: Call) -> Reply:
        self.asked[1] += 1
        return Reply(self.status, b"")

    async def share(self, calls: int = 1000) -> float:
        """The second one's part of so many calls."""
        before = self.asked[1]
        for _ in range(calls):
            await self.balanced.send(call())
        return (self.asked[1] - before) / calls


async def test_an_instance_that_is_back_is_used_slowly() -> None:
    times = Times(Balance("round_robin"))
    instance = times.balanced.instances[1]

    instance.found(ill=True)
    away = await times.share()
    instance.found(ill=False)
    shares = [away]
    for _ in range(3):
        shares.append(await times.share())
        times.now += 5.0

    # Half of the calls are its due: of these a tenth, a half, and then all.
    for due, share in zip([0.0, 0.05, 0.25, 0.5], shares, strict=True):
        assert abs(share - due) <= 5 * (due * (1 - due) / 1000) ** 0.5
    assert all(later > earlier for earlier, later in pairwise(shares))


async def test_one_that_calls_found_ill_is_used_slowly_too() -> None:
    times = Times(Balance("round_robin"))
    times.status = 503
    await times.share(10)
    times.status, times.now = 200, times.now + 1.5
    await times.balanced.send(call())
    await times.balanced.send(call())

    assert 0 < await times.share() < 0.1


async def test_by_hash_an_instance_that_is_back_has_its_calls_at_once() -> None:
    times = Times(Balance("hash", header="x-user-id"))
    instance = times.balanced.instances[1]
    instance.found(ill=True)
    instance.found(ill=False)

    assert 0.4 < await times.share() < 0.6


def test_the_environment_says_what_is_asked() -> None:
    environ = {
        "UPSTREAM_ORDER_URL": "http://127.0.0.1:8103 http://127.0.0.1:8203",
        "UPSTREAM_ORDER_HEALTH": "/ready interval=0.5 unhealthy=3",
    }

    settings = Settings.from_environment(environ, 3001, ["order"])

    assert settings.health == {"order": Health("/ready", interval=0.5, unhealthy=3)}


@pytest.mark.parametrize("text", ["", "/ready soon", "/ready interval=often", "/ready pause=1"])
def test_what_is_not_understood_is_told(text: str) -> None:
    with pytest.raises(SettingsError, match="UPSTREAM_ORDER_HEALTH is"):
        health_of(text, "UPSTREAM_ORDER_HEALTH")
