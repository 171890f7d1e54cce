"""The circuit breaker, against a model of what it promises, and around calls."""

import asyncio
from dataclasses import dataclass, field

import pytest
from colonnade_runtime.errors import UpstreamBusy, UpstreamOpen, UpstreamTimeout, UpstreamUnreachable
from colonnade_runtime.upstream import Ask, Breaking, Call, Reply
from colonnade_runtime.upstream.breaker import Breaker, State, breaking
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

OK, BAD = Reply(200, b"{}"), Reply(503, b"")


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Model:
    """What the breaker promises, told by what has happened since its last change of state."""

    settings: Breaking
    opened_at: float | None = None
    openings: int = 0
    reports: list[bool] = field(default_factory=list)
    era: int = 0

    def may_call(self, now: float, probes: int) -> bool:
        return self.opened_at is None or (now >= self.ends() and probes == 0)

    def ends(self) -> float:
        assert self.opened_at is not None
        pause: float = self.settings.first * 2 ** (self.openings - 1)
        return self.opened_at + min(pause, self.settings.longest)

    def report(self, now: float, *, good: bool) -> None:
        self.reports.append(good)
        failures, successes = self.settings.failures, self.settings.successes
        if self.opened_at is None and self.reports[-failures:] == [False] * failures:
            self._enter(now, openings=1)
        elif self.opened_at is not None and not good:
            self._enter(now, self.openings + 1)
        elif self.opened_at is not None and len(self.reports) == successes:
            self._enter(None, openings=0)

    def _enter(self, opened_at: float | None, openings: int) -> None:
        self.opened_at, self.openings = opened_at, openings
        self.reports, self.era = [], self.era + 1


class BreakerMachine(RuleBasedStateMachine):
    """Calls that are admitted and report late, in any order, while time passes."""

    permits = Bundle("permits")

    @initialize(failures=st.integers(1, 4), successes=st.integers(1, 3))
    def start(self, failures: int, successes: int) -> None:
        self.clock = Clock()
        settings = Breaking(failures=failures, successes=successes)
        self.breaker = Breaker(settings, self.clock)
        self.model = Model(settings)
        self.probes: set[int] = set()
        self.count = 0

    @rule(seconds=st.sampled_from([0.0, 0.5, 2.0, 4.0, 60.0, 299.0, 300.0]))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(target=permits)
    def admit(self) -> tuple[int, int, int] | None:
        expected = self.model.may_call(self.clock.now, len(self.probes))

        permit = self.breaker.admit()

        assert expected == (permit is not None)
        if permit is None:
            return None
        self.count += 1
        if self.model.opened_at is not None:
            self.probes.add(self.count)
        return self.count, permit, self.model.era

    @rule(permit=consumes(permits), outcome=st.sampled_from(["good", "bad", "unknown"]))
    def report(self, permit: tuple[int, int, int] | None, outcome: str) -> None:
        if permit is None:
            return
        number, given, era = permit
        current = era == self.model.era
        breaker = self.breaker
        tell = {"good": breaker.succeeded, "bad": breaker.failed, "unknown": breaker.released}
        tell[outcome](given)
        self.probes.discard(number)
        if current and outcome != "unknown":
            self.model.report(self.clock.now, good=outcome == "good")

    @invariant()
    def the_state_is_the_models(self) -> None:
        if not hasattr(self, "model"):
            return
        if self.model.opened_at is None:
            assert State.CLOSED is self.breaker.state
        else:
            open_ = self.clock.now < self.model.ends()
            assert (State.OPEN if open_ else State.HALF_OPEN) is self.breaker.state

    @invariant()
    def at_most_one_call_probes(self) -> None:
        assert len(getattr(self, "probes", ())) <= 1


TestBreaker = BreakerMachine.TestCase


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
    for _ in range(3):
        breaker.failed(breaker.admit() or 0)

    assert 2 == breaker.retry_after


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

    stage = breaking(Breaker(Breaking(), Clock()), Breaking(), send)
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
    stage = breaking(breaker, Breaking(failures=1), send)
    for _ in range(3):
        try:
            await stage(call(seconds))
        except (UpstreamBusy, UpstreamTimeout, asyncio.CancelledError):
            continue

    assert State.CLOSED is breaker.state
