"""The memory of verdicts, against a clock of the test's own."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade_edge.authn.guesses import Guesser, Guesses, per_minute
from colonnade_edge.authn.identity import Identity
from colonnade_edge.authn.verdicts import WAITING, Verdict, Verdicts
from colonnade_edge.errors import LimitExceeded, Unavailable

SOMEBODY = Identity("client:a", "c", frozenset(), [])
RULE = per_minute(2)


@dataclass
class Judge:
    """Answers `good` or bad for `keep_s` seconds, and counts the questions."""

    good: bool = True
    keep_s: float = 30.0
    now: float = 1000.0
    asked: int = 0
    guesses: Guesses = field(init=False)
    verdicts: Verdicts = field(init=False)

    def __post_init__(self) -> None:
        self.guesses = Guesses(lambda: round(self.now * 1e6))
        self.verdicts = Verdicts(self.guesses, lambda: self.now, kept=4)

    async def of(self, digest: str, guessers: Sequence[Guesser] = (("address", RULE),)) -> bool:
        verdict = await self.verdicts.of(digest, self.question, guessers)
        return verdict.identity is not None

    async def question(self) -> Verdict:
        self.asked += 1
        return Verdict(SOMEBODY if self.good else None, self.keep_s)


@given(st.lists(st.tuples(st.floats(0, 20), st.booleans()), max_size=30))
async def test_no_verdict_is_used_past_its_time(steps: list[tuple[float, bool]]) -> None:
    """What is told is what the judge said last, and it said that less than `keep_s` ago."""
    judge = Judge(keep_s=5.0)
    said, at = False, 0.0
    for pause, good in steps:
        judge.now += pause
        judge.good, asked = good, judge.asked
        told = await judge.of("d", guessers=[])
        if judge.asked > asked:
            said, at = good, judge.now

        assert told == said
        assert judge.now - at < 5.0


async def test_bad_verdicts_displace_no_good_one() -> None:
    judge = Judge()
    await judge.of("good")
    judge.good = False
    for number in range(50):
        await judge.of(f"bad-{number}", guessers=[])
    asked = judge.asked

    assert await judge.of("good")
    assert judge.asked == asked


async def test_the_least_recently_used_is_forgotten() -> None:
    judge = Judge()
    for digest in ("a", "b", "c", "d", "a", "e"):
        await judge.of(digest)
    asked = judge.asked
    await judge.of("a")
    assert judge.asked == asked
    await judge.of("b")
    assert judge.asked == asked + 1


async def test_who_guesses_too_often_is_told_when_to_come_back() -> None:
    judge = Judge(good=False)
    await judge.of("1")
    await judge.of("2")
    with pytest.raises(LimitExceeded) as refused:
        await judge.of("3")
    assert (refused.value.retry_after_s, judge.asked) == (30, 2)
    assert not await judge.of("2")
    judge.now += 30
    assert not await judge.of("3")


async def test_what_was_good_is_no_guess() -> None:
    judge = Judge()
    await judge.of("good")
    judge.good = False
    judge.now += 30
    await judge.of("1")
    await judge.of("2")
    with pytest.raises(LimitExceeded):
        await judge.of("3")
    judge.good = True

    assert await judge.of("good")


async def test_a_credential_that_was_good_and_is_bad_is_bad_at_once() -> None:
    judge = Judge(keep_s=1)
    assert await judge.of("d")
    judge.good, judge.now = False, judge.now + 1
    assert not await judge.of("d")
    judge.now += 0.5
    assert not await judge.of("d")


async def test_more_questions_than_can_wait_are_refused_at_once() -> None:
    judge, gate = Judge(), asyncio.Event()

    async def slow() -> Verdict:
        await gate.wait()
        return Verdict(SOMEBODY, 30.0)

    waiting = [asyncio.create_task(judge.verdicts.of(f"{n}", slow, [])) for n in range(WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await judge.verdicts.of("one more", slow, [])
    gate.set()

    assert len(await asyncio.gather(*waiting)) == WAITING


async def test_who_asked_first_may_hang_up() -> None:
    judge, gate = Judge(), asyncio.Event()

    async def slow() -> Verdict:
        await gate.wait()
        return Verdict(SOMEBODY, 30.0)

    first = asyncio.create_task(judge.verdicts.of("d", slow, []))
    second = asyncio.create_task(judge.verdicts.of("d", slow, []))
    await asyncio.sleep(0)
    first.cancel()
    gate.set()

    assert (await second).identity is SOMEBODY
