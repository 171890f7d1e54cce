"""The circuit breaker around calls; tests/breakers holds it against a model of what it promises."""

import asyncio
import random
from dataclasses import dataclass

import pytest
from colonnade_runtime.errors import UpstreamBusy, UpstreamOpen, UpstreamTimeout, UpstreamUnreachable
from colonnade_runtime.upstream import Ask, Breaking, Bulkhead, Call, Reply, Stage
from colonnade_runtime.upstream.breaker import Breaker, State
from colonnade_runtime.upstream.bulkhead import Places
from colonnade_runtime.upstream.pipeline import NEVER, guarded
from colonnade_runtime.upstream.retry import Budget, Retries

OK, BAD = Reply(200, b"{}"), Reply(503, b"")


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_pause_doubles_up_to_five_minutes_and_starts_anew_after_recovery() -> None:
    clock = Clock()
    breaker = Breaker(Breaking(), clock)
    pauses = []
    for _ in range(3):
        breaker.failed(breaker.admit() or 0)
    for _ in range(10):
        pauses.append(breaker.retry_after)
        clock.now += breaker.retry_after
        permit = breaker.admit()
        assert permit is not None
        breaker.failed(permit)
    assert [2, 4, 8, 16, 32, 64, 128, 256, 300, 300] == pauses

    clock.now += 300
    for _ in range(2):
        permit = breaker.admit()
        assert permit is not None
        breaker.succeeded(permit)
    assert State.CLOSED is breaker.state
    assert (11, 1) == (breaker.opened, breaker.closed)
    for _ in range(3):
        breaker.failed(breaker.admit() or 0)

    assert 2 == breaker.retry_after


def calls(breaker: Breaker, send: Stage) -> Stage:
    """The way of calls that are made once."""
    retries = Retries(NEVER, Budget(NEVER), Clock(), random.random, asyncio.sleep)
    return guarded(breaker, Places(Bulkhead()), retries, send)


def call(seconds: float = 2.0) -> Call:
    return Call(Ask("order", "GET", "/orders"), "/orders", {}, None, 0.0, seconds, {})


@pytest.mark.parametrize("outcome", [BAD, UpstreamTimeout("order", ""), UpstreamUnreachable("order", "")])
async def test_three_failures_in_a_row_end_the_calls(outcome: Reply | Exception) -> None:
    made = 0

    async def send(_call: Call) -> Reply:
        nonlocal made
        made += 1
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    stage = calls(Breaker(Breaking(), Clock()), send)
    for _ in range(5):
        try:
            await stage(call())
        except (UpstreamTimeout, UpstreamUnreachable, UpstreamOpen) as error:
            last = error
    assert isinstance(last, UpstreamOpen)

    assert (3, 2.0) == (made, last.retry_after)


@pytest.mark.parametrize(
    ("outcome", "seconds"),
    [
        (Reply(404, b""), 2.0),
        (Reply(504, b""), 2.0),
        (UpstreamBusy("order", "ours"), 2.0),
        (UpstreamTimeout("order", "there was no time"), 0.05),
        (asyncio.CancelledError(), 2.0),
    ],
)
async def test_what_says_nothing_of_the_service_opens_nothing(
    outcome: Reply | BaseException, seconds: float
) -> None:
    async def send(_call: Call) -> Reply:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    breaker = Breaker(Breaking(failures=1), Clock())
    stage = calls(breaker, send)
    for _ in range(3):
        try:
            await stage(call(seconds))
        except (UpstreamBusy, UpstreamTimeout, asyncio.CancelledError):
            continue

    assert State.CLOSED is breaker.state
