"""Retries: which calls, how often, how long in between, and never more than the budget."""

from collections.abc import Iterator

import pytest
from colonnade_runtime.errors import UpstreamTimeout, UpstreamUnreachable
from colonnade_runtime.upstream import Ask, Breaking, Bulkhead, Call, Reply, Retrying
from colonnade_runtime.upstream.breaker import Breaker
from colonnade_runtime.upstream.bulkhead import Places
from colonnade_runtime.upstream.pipeline import guarded
from colonnade_runtime.upstream.retry import Budget, Retries, pause
from hypothesis import given
from hypothesis import strategies as st

Outcome = Reply | Exception
OK, BAD = Reply(200, b"{}"), Reply(503, b"")


class World:
    """A clock that only pauses move, and a service that answers as told."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.now = 0.0
        self.made = 0
        self._outcomes: Iterator[Outcome] = iter(outcomes)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def send(self, _call: Call) -> Reply:
        self.made += 1
        outcome = next(self._outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def ask(
        self, settings: Retrying, budget: Budget | None = None, ends: float = 2.0, chance: float = 1.0
    ) -> Reply:
        budget = budget or Budget(settings)
        retries = Retries(settings, budget, lambda: self.now, lambda: chance, self.sleep)
        never_opens = Breaker(Breaking(failures=1000), lambda: self.now)
        stage = guarded(never_opens, Places(Bulkhead()), retries, self.send)
        call = Call(Ask("order", "GET", "/orders"), "/orders", {}, None, 0.0, ends, {})
        return await stage(call)


@pytest.mark.parametrize("first", [BAD, Reply(502, b""), UpstreamUnreachable("order", "reset")])
async def test_a_call_that_found_nobody_is_made_again(first: Outcome) -> None:
    world = World(first, OK)

    assert (OK, 2) == (await world.ask(Retrying()), world.made)


@pytest.mark.parametrize("outcome", [OK, Reply(404, b""), Reply(500, b"")])
async def test_an_answer_is_an_answer(outcome: Reply) -> None:
    world = World(outcome)

    assert (outcome, 1) == (await world.ask(Retrying()), world.made)


async def test_a_call_that_was_late_is_not_made_again() -> None:
    world = World(UpstreamTimeout("order", "late"), OK)

    with pytest.raises(UpstreamTimeout):
        await world.ask(Retrying())


async def test_the_last_failure_is_the_answer() -> None:
    world = World(BAD, Reply(502, b""), BAD)
    assert (BAD, 3) == (await world.ask(Retrying(attempts=3)), world.made)

    world = World(BAD, UpstreamUnreachable("order", "reset"))
    with pytest.raises(UpstreamUnreachable):
        await world.ask(Retrying())


async def test_no_pause_goes_beyond_the_time_of_the_call() -> None:
    world = World(BAD, OK)

    assert BAD == await world.ask(Retrying(first=1.0, longest=1.0), ends=0.5)
    assert (1, 0.0) == (world.made, world.now)


async def test_without_budget_a_failure_stays_one() -> None:
    settings = Retrying(burst=1.0, budget=0.1)
    budget = Budget(settings)
    world = World(BAD, OK, BAD, OK)

    assert OK == await world.ask(settings, budget)
    assert BAD == await world.ask(settings, budget)
    assert 1 == budget.spent


@given(attempt=st.integers(1, 40), chance=st.floats(0, 1, exclude_max=True))
def test_a_pause_is_anything_up_to_its_doubled_bound(attempt: int, chance: float) -> None:
    settings = Retrying()

    found = pause(settings, attempt, lambda: chance)

    assert 0 <= found <= min(settings.first * 2 ** (attempt - 1), settings.longest)
    assert found == chance * pause(settings, attempt, lambda: 1.0)


@given(
    share=st.floats(0, 1),
    burst=st.floats(0, 20),
    events=st.lists(st.sampled_from(["call", "retry"]), max_size=300),
    start=st.integers(0, 300),
)
def test_in_any_stretch_of_calls_retries_are_few(
    share: float, burst: float, events: list[str], start: int
) -> None:
    budget = Budget(Retrying(budget=share, burst=burst))
    retries: list[int] = []
    for event in events:
        if event == "call":
            budget.earn()
            retries.append(0)
        else:
            retries.append(int(budget.spend()))
    stretch, kinds = retries[start:], events[start:]

    assert sum(stretch) <= burst + share * kinds.count("call") + 1e-6
