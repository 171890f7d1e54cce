"""Calls to a service that has several instances, over real connections."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest
from colonnade_runtime.errors import SettingsError, UpstreamTimeout, UpstreamUnreachable
from colonnade_runtime.http_transport import connected
from colonnade_runtime.settings import Settings
from colonnade_runtime.upstream import Ask, Balance, Call, Reply
from colonnade_runtime.upstream.balance import Balanced, balance_of, by_hash, least_request
from colonnade_runtime.upstream.instance import LONGEST_S, Instance
from colonnade_runtime.upstream.upstreams import Upstreams

from colonnade_runtime_tests.instances import counts, several

READ = Ask("order", "GET", "/")
WRITE = Ask("order", "POST", "/")
CERTAIN = {1: 23.93, 2: 27.63}
"""What chi-square exceeds once in a million times, by degrees of freedom."""
PATIENCE_S = 20.0


def call(ask: Ask = READ, **headers: str) -> Call:
    now = asyncio.get_running_loop().time()
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call(ask, "/", told, None if ask is READ else b"{}", now, now + PATIENCE_S, {})


@asynccontextmanager
async def service(urls: Sequence[str], balance: Balance | None = None) -> AsyncIterator[Upstreams]:
    balances: Mapping[str, Balance] = {} if balance is None else {"order": balance}
    async with connected({"order": tuple(urls)}, balances) as transport:
        yield Upstreams(transport, {})


async def who(upstreams: Upstreams, ask: Ask = READ, **headers: str) -> str:
    reply = await upstreams.ways[ask].send(call(ask, **headers))
    assert reply.status == 200
    return bytes(reply.body).decode()


def chi_square(observed: Sequence[int], expected: Sequence[float]) -> float:
    return sum((one - due) ** 2 / due for one, due in zip(observed, expected, strict=True))


@pytest.mark.parametrize(
    ("balance", "expected"),
    [(Balance("round_robin"), [40, 40, 40]), (Balance("weighted", weights=(4, 1, 1)), [80, 20, 20])],
    ids=["round_robin", "weighted"],
)
async def test_instances_are_called_as_often_as_their_weights_say(
    balance: Balance, expected: list[int]
) -> None:
    with several(3) as instances:
        async with service([one.url for one in instances], balance) as upstreams:
            names = [await who(upstreams) for _ in range(120)]

    assert counts(names) == expected
    assert len(set(names[:3])) == (3 if balance.policy == "round_robin" else 2)


async def test_idle_instances_are_called_alike() -> None:
    with several(3) as instances:
        async with service([one.url for one in instances]) as upstreams:
            names = [await who(upstreams) for _ in range(300)]

    assert chi_square(counts(names), [100] * 3) < CERTAIN[2]


async def test_an_instance_that_is_busy_is_left_to_its_work() -> None:
    with several(3) as instances:
        async with service([one.url for one in instances]) as upstreams:
            instances[0].freed.clear()
            held = [asyncio.create_task(who(upstreams)) for _ in range(12)]
            async with asyncio.timeout(PATIENCE_S):
                # Until the others are done: while they are as busy, it is as good as they are.
                while sum(not one.done() for one in held) > instances[0].asked:  # noqa: ASYNC110 - threads count
                    await asyncio.sleep(0.005)
            assert instances[0].asked > 1
            names = [await who(upstreams) for _ in range(20)]
            instances[0].freed.set()
            await asyncio.gather(*held)

    assert "0" not in names


async def test_the_death_of_an_instance_fails_no_read() -> None:
    with several(3) as instances:
        async with service([one.url for one in instances]) as upstreams:
            before = {await who(upstreams) for _ in range(40)}
            instances[0].close()
            after = {await who(upstreams) for _ in range(60)}

    assert (before, after) == ({"0", "1", "2"}, {"1", "2"})


async def test_the_calls_that_an_instance_had_when_it_died_are_all_made_at_another() -> None:
    with several(2) as instances:
        async with service([one.url for one in instances]) as upstreams:
            instances[0].freed.clear()
            calls = [asyncio.create_task(who(upstreams)) for _ in range(60)]
            async with asyncio.timeout(PATIENCE_S):
                while instances[0].asked < 25:  # noqa: ASYNC110 - another thread counts
                    await asyncio.sleep(0.005)
            await asyncio.to_thread(instances[0].close)
            names = await asyncio.gather(*calls)
            repeated = upstreams.service("order").budget.spent

    assert names == ["1"] * 60
    assert repeated == 0


async def test_the_death_of_an_instance_fails_a_write_at_most_once() -> None:
    failures = 0
    with several(2) as instances:
        async with service([one.url for one in instances]) as upstreams:
            instances[0].close()
            for _ in range(40):
                try:
                    await who(upstreams, WRITE)
                except UpstreamUnreachable:
                    failures += 1

    assert failures <= 1


async def test_a_call_that_is_made_again_is_made_to_another_instance() -> None:
    with several(3) as instances:
        instances[0].status = 503
        async with service([one.url for one in instances], Balance("hash", header="x-user-id")) as upstreams:
            names = [await who(upstreams, x_user_id=f"user-{number}") for number in range(12)]
        asked = instances[0].asked

    assert asked > 0
    assert set(names) == {"1", "2"}


async def test_the_same_header_reaches_the_same_instance() -> None:
    with several(3) as instances:
        async with service([one.url for one in instances], Balance("hash", header="x-user-id")) as upstreams:
            first = [await who(upstreams, x_user_id=f"user-{number}") for number in range(60)]
            again = [await who(upstreams, x_user_id=f"user-{number}") for number in range(60)]
            without = [await who(upstreams) for _ in range(60)]

    assert first == again
    assert set(first) == set(without) == {"0", "1", "2"}


async def _no_answer(_call: Call) -> Reply:
    raise AssertionError


async def test_an_instance_that_goes_moves_its_own_keys_only() -> None:
    instances = [Instance(number, _no_answer) for number in range(5)]
    choose = by_hash("x-user-id", 1.5, least_request(lambda: 0.0))
    calls = [call(x_user_id=f"user-{number}") for number in range(2000)]

    before = [choose(instances, one).number for one in calls]
    after = [choose(instances[:4], one).number for one in calls]
    moved = [was for was, now in zip(before, after, strict=True) if was != now]

    assert set(moved) == {4}
    assert len(moved) / len(calls) < 1.5 / 5
    assert chi_square([before.count(number) for number in range(5)], [400] * 5) < 33.4  # 4 degrees


async def test_one_key_does_not_fill_an_instance() -> None:
    instances = [Instance(number, _no_answer) for number in range(4)]
    choose = by_hash("x-user-id", 1.25, least_request(lambda: 0.0))
    for _ in range(100):
        choose(instances, call(x_user_id="everybody")).calls += 1

    busiest = sorted((instance.calls for instance in instances), reverse=True)
    assert busiest[0] <= 1.25 * 25 + 1
    assert busiest[-1] < busiest[0]


class Flaky:
    """An instance whose answers are in the hands of a test, and the time with it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.error: Exception | None = None
        self.status = 200
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = 0

    async def send(self, _call: Call) -> Reply:
        self.asked += 1
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return Reply(self.status, b"")


async def _asked_in(flaky: Flaky, transport: Balanced, seconds: float) -> int:
    flaky.now += seconds
    before = flaky.asked
    for _ in range(30):
        try:
            await transport.send(call(WRITE))
        except (UpstreamUnreachable, UpstreamTimeout):
            continue
    return flaky.asked - before


async def test_an_instance_that_is_gone_is_tried_ever_less_often_and_used_when_it_is_back() -> None:
    flaky, steady = Flaky(), Flaky()
    transport = Balanced([flaky.send, steady.send], Balance("round_robin"), lambda: flaky.now)

    flaky.error = UpstreamUnreachable("order", "refused")
    tries = [await _asked_in(flaky, transport, seconds) for seconds in (0, 0.5, 0.6, 1.0, 1.1, 3.0, 1.1)]
    flaky.error = None
    back = await _asked_in(flaky, transport, LONGEST_S)

    assert tries == [1, 0, 1, 0, 1, 0, 1]
    assert back == 15


async def test_calls_that_end_together_leave_it_out_once() -> None:
    flaky, steady = Flaky(), Flaky()
    transport = Balanced([flaky.send, steady.send], Balance("round_robin"), lambda: flaky.now)
    flaky.error, flaky.gate = UpstreamUnreachable("order", "reset"), asyncio.Event()

    calls = [asyncio.create_task(transport.send(call(WRITE))) for _ in range(20)]
    await asyncio.sleep(0)
    flaky.gate.set()
    await asyncio.gather(*calls, return_exceptions=True)

    assert flaky.asked == 10
    assert await _asked_in(flaky, transport, 1.1) == 1


async def test_an_instance_that_answers_failures_is_left_out() -> None:
    flaky, steady = Flaky(), Flaky()
    transport = Balanced([flaky.send, steady.send], Balance("round_robin"), lambda: flaky.now)

    flaky.status = 503

    assert await _asked_in(flaky, transport, 0) == 3


async def test_an_instance_that_is_late_again_and_again_is_left_out() -> None:
    flaky, steady = Flaky(), Flaky()
    transport = Balanced([flaky.send, steady.send], Balance("round_robin"), lambda: flaky.now)

    flaky.error = UpstreamTimeout("order", "late")

    assert await _asked_in(flaky, transport, 0) == 3


async def test_if_none_seems_well_a_read_finds_the_one_that_is() -> None:
    flaky, back = Flaky(), Flaky()
    transport = Balanced([flaky.send, back.send], Balance("round_robin"), lambda: flaky.now)
    flaky.error = back.error = UpstreamUnreachable("order", "refused")
    await _asked_in(flaky, transport, 0)

    back.error = None
    replies = [await transport.send(call()) for _ in range(10)]

    assert [200] * 10 == [reply.status for reply in replies]


async def test_a_read_that_breaks_instances_breaks_two_at_most() -> None:
    instances = [Flaky() for _ in range(4)]
    transport = Balanced([one.send for one in instances], Balance("round_robin"), lambda: 0.0)
    for one in instances:
        one.error = UpstreamUnreachable("order", "broken")

    with pytest.raises(UpstreamUnreachable):
        await transport.send(call())

    assert sum(one.asked for one in instances) == 2


async def test_if_none_is_well_all_are_tried() -> None:
    flaky = Flaky()
    transport = Balanced([flaky.send, flaky.send], Balance(), lambda: flaky.now)
    flaky.error = UpstreamUnreachable("order", "refused")

    assert await _asked_in(flaky, transport, 0) == 30


def test_the_environment_names_the_instances_and_how_calls_are_spread() -> None:
    environ = {
        "UPSTREAM_ORDER_URL": "http://127.0.0.1:8103 http://127.0.0.1:8203/",
        "UPSTREAM_ORDER_BALANCE": "hash x-user-id 125",
    }

    settings = Settings.from_environment(environ, 3001, ["order"])

    assert settings.upstreams == {"order": ("http://127.0.0.1:8103", "http://127.0.0.1:8203")}
    assert settings.balances == {"order": Balance("hash", header="x-user-id", max_load=125.0)}
    assert balance_of("weighted 3 1", "X", 2) == Balance("weighted", weights=(3, 1))


@pytest.mark.parametrize("text", ["", "best", "weighted 1", "weighted one two", "hash", "round_robin 3"])
def test_a_policy_that_is_not_understood_is_told(text: str) -> None:
    with pytest.raises(SettingsError, match="UPSTREAM_ORDER_BALANCE is"):
        balance_of(text, "UPSTREAM_ORDER_BALANCE", 2)
