"""Recorded traces: what is asked when, and what the model answers. Made from a seed, so always the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import get_args

from colonnade_edge_tests.limits.model import Consumer, decide
from colonnade_edge_tests.limits.script import Question
from colonnade_policy.limits import Algorithm, Ask, Outcome, Rule

SECOND = 1_000_000
PERIODS = (7, 1000, SECOND, 60 * SECOND, 86_400 * SECOND)
DELAYS = (0, 500, SECOND // 3, 5 * SECOND, 86_400 * SECOND)
COSTS = (1, 1, 1, 1, 2, 3, 0, 13)
STEPS = 30
COUNT = 3


@dataclass(frozen=True)
class Step:
    """Requests of one moment (µs), and the outcomes of all their limits in order."""

    now: int
    burst: list[Question]
    expected: list[Outcome]


Trace = list[Step]


def traces(count: int, seed: int = 3) -> Iterator[Trace]:
    """`count` traces, of each algorithm alone and of all together in turn."""
    random = Random(seed)  # noqa: S311 - the same traces every time
    algorithms: tuple[Algorithm, ...] = get_args(Algorithm)
    mixtures = [*((one,) for one in algorithms), algorithms]
    for number in range(count):
        yield _trace(random, mixtures[number % len(mixtures)])


def _trace(random: Random, algorithms: tuple[Algorithm, ...]) -> Trace:
    asks = [
        Ask(f"limit-{number}", _rule(random, random.choice(algorithms)), random.random() < 0.25)
        for number in range(COUNT)
    ]
    consumers = {ask.key: Consumer(ask.rule) for ask in asks}
    now = random.randrange(10**15, 2 * 10**15)
    steps: Trace = []
    for _ in range(STEPS):
        told = [abs(outcome.wait_us) for outcome in steps[-1].expected] if steps else [0]
        now = _later(random, now, random.choice(asks).rule.period_us, random.choice(told))
        burst = [_question(random, asks) for _ in range(random.randint(1, 4))]
        expected = [
            outcome
            for question in burst
            for outcome in decide(
                [(consumers[ask.key], ask.shadow) for ask in question.asks], question.cost, now
            )
        ]
        steps.append(Step(now, burst, expected))
    return steps


def _rule(random: Random, algorithm: Algorithm) -> Rule:
    return Rule(
        algorithm,
        rate=random.randint(1, 9),
        period_us=random.choice(PERIODS),
        burst=random.randint(1, 9),
        max_delay_us=random.choice(DELAYS),
    )


def _question(random: Random, asks: list[Ask]) -> Question:
    return Question(tuple(random.sample(asks, random.randint(1, COUNT))), random.choice(COSTS))


def _later(random: Random, now: int, period: int, told: int) -> int:
    """At once, when told, at the edge of a window, some time or periods later, or on a clock set back."""
    edge = (now // period + random.randint(1, 2)) * period + random.randint(-1, 1)
    back = random.choice((1, period - 1, period, period + 1))
    when = {
        now: 2,
        now + random.randrange(20): 1,
        now + random.randrange(period): 2,
        now + random.randrange(3 * period): 1,
        now + period: 1,
        max(now, edge): 2,
        max(now, now + told + random.randint(-1, 1)): 2,
        now - back: 1,
    }
    return random.choices(list(when), list(when.values()))[0]
