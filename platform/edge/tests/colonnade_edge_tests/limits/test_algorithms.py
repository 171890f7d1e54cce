"""Five algorithms three times: the model, the store's script, the process's own memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import pytest
import redis
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from colonnade_edge_tests.limits.model import Consumer, decide
from colonnade_edge_tests.limits.script import Question, Script, agree
from colonnade_edge_tests.processes import Valkey
from colonnade_policy.limits import SCRIPT, Ask, MemoryLimiter, Outcome, Rule

SECOND = 1_000_000
ALGORITHMS = ["fixed_window", "sliding_window_log", "sliding_window_counter", "token_bucket", "leaky_bucket"]


@dataclass(frozen=True)
class Asked:
    """A request: which limits it meets (by number), and what it costs."""

    limits: tuple[int, ...]
    cost: int


rules = st.builds(
    Rule,
    algorithm=st.sampled_from(ALGORITHMS),
    rate=st.integers(1, 12),
    period_us=st.sampled_from([7, 1000, SECOND, 60 * SECOND, 86_400 * SECOND]),
    burst=st.integers(1, 12),
    max_delay_us=st.sampled_from([0, 500, SECOND // 3, 5 * SECOND, 86_400 * SECOND]),
)
COUNT = 4
requests = st.builds(
    Asked,
    limits=st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=COUNT, unique=True).map(tuple),
    cost=st.sampled_from([1, 1, 1, 2, 3, 13, 0]),
)


class Agreement(RuleBasedStateMachine):
    """Whatever is asked, in whatever order and at whatever time, the three agree in every number."""

    client: ClassVar["redis.Redis"]

    @initialize(
        chosen=st.lists(rules, min_size=COUNT, max_size=COUNT),
        shadows=st.lists(st.booleans(), min_size=COUNT, max_size=COUNT),
        start=st.integers(10**15, 2 * 10**15),
    )
    def begin(self, chosen: list[Rule], shadows: list[bool], start: int) -> None:
        self.client.flushdb()
        self.script = Script(self.client, SCRIPT.decode())
        self.now = start
        self.consumers = [Consumer(rule) for rule in chosen]
        self.asks = [
            Ask(f"limit-{number}", rule, shadow)
            for number, (rule, shadow) in enumerate(zip(chosen, shadows, strict=True))
        ]
        self.memory = MemoryLimiter()

    @rule(passed=st.one_of(st.integers(0, 20), st.integers(0, 2 * SECOND), st.integers(0, 10**12)))
    def time_passes(self, passed: int) -> None:
        self.now += passed

    @rule(number=st.integers(0, COUNT - 1), beside=st.integers(-1, 1), windows=st.integers(1, 2))
    def a_window_ends(self, number: int, beside: int, windows: int) -> None:
        period = self.asks[number].rule.period_us
        self.now = max(self.now, (self.now // period + windows) * period + beside)

    @rule(jump=st.one_of(st.integers(1, 100), st.integers(1, 3600 * SECOND)))
    def clock_is_set_back(self, jump: int) -> None:
        self.now -= jump

    @rule(burst=st.lists(requests, min_size=1, max_size=6))
    def requests_come_in_one_tick(self, burst: list[Asked]) -> None:
        questions = [Question(tuple(self.asks[n] for n in asked.limits), asked.cost) for asked in burst]
        expected = [outcome for asked in burst for outcome in self.modelled(asked)]

        assert expected == self.in_memory(questions)
        assert agree(questions, expected, self.script.decide(questions, self.now))

    def modelled(self, request: Asked) -> list[Outcome]:
        met = [(self.consumers[number], self.asks[number].shadow) for number in request.limits]
        return decide(met, request.cost, self.now)

    def in_memory(self, burst: list[Question]) -> list[Outcome]:
        return [
            outcome
            for question in burst
            for outcome in self.memory.decide(question.asks, question.cost, self.now)
        ]


@pytest.fixture
def client(store: Valkey) -> Iterator["redis.Redis"]:
    with redis.Redis(port=store.port, db=9, protocol=2) as connected:
        yield connected


def test_model_memory_and_store_agree(client: "redis.Redis") -> None:
    Agreement.client = client
    machine = Agreement.TestCase
    machine.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)

    machine().runTest()
