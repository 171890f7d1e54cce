"""The token bucket three times: a textbook model in fractions, the store's script, the local fallback."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar

import pytest
import redis
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from colonnade_edge.limits.bucket import Bucket
from colonnade_edge.limits.local import LocalBuckets
from colonnade_edge.store.link import SCRIPT
from colonnade_edge_tests.processes import Valkey

SECOND = 1_000_000


@dataclass
class Textbook:
    """A bucket as one would explain it: full at first, it fills steadily since a token was last taken."""

    bucket: Bucket
    tokens: Fraction = field(init=False)
    since: int | None = None

    def __post_init__(self) -> None:
        self.tokens = Fraction(self.bucket.burst)

    def at(self, now: int) -> Fraction:
        if (
            self.since is None or now < self.since
        ):  # a clock that was set back earns nothing, and costs nothing
            self.since = now
        earned = Fraction((now - self.since) * self.bucket.rate, self.bucket.period_us)
        return min(Fraction(self.bucket.burst), self.tokens + earned)

    def take(self, now: int) -> None:
        self.tokens, self.since = self.at(now) - 1, now


def with_clock(script: bytes) -> str:
    """The script with a clock of ours, and keys that outlive the test whatever that clock says."""
    text = script.decode()
    for what, instead in (
        ("redis.call('TIME')", "{ 0, table.remove(ARGV) }"),
        ("/ 1000) + 1000", "/ 1000) + 3600000"),
    ):
        assert text.count(what) == 1
        text = text.replace(what, instead)
    return text


buckets = st.builds(
    Bucket,
    rate=st.integers(1, 1000),
    period_us=st.sampled_from([SECOND, 7 * SECOND, 60 * SECOND, 86_400 * SECOND]),
    burst=st.integers(1, 12),
)
requests = st.lists(st.integers(0, 3), min_size=1, max_size=4, unique=True)


class Agreement(RuleBasedStateMachine):
    """Whatever is asked, in whatever order and at whatever time, the three agree to the last tick."""

    client: ClassVar["redis.Redis"]

    @initialize(chosen=st.lists(buckets, min_size=4, max_size=4), start=st.integers(10**15, 2 * 10**15))
    def begin(self, chosen: list[Bucket], start: int) -> None:
        self.client.flushdb()
        self.script = self.client.register_script(with_clock(SCRIPT))
        self.now = start
        self.models = [Textbook(bucket) for bucket in chosen]
        self.local = LocalBuckets(clock_us=lambda: self.now)

    @rule(passed=st.one_of(st.integers(0, 2 * SECOND), st.integers(0, 10**13)))
    def time_passes(self, passed: int) -> None:
        self.now += passed

    @rule(jump=st.integers(1, 3600 * SECOND))
    def clock_is_set_back(self, jump: int) -> None:
        self.now -= jump

    @rule(burst=st.lists(requests, min_size=1, max_size=12))
    def requests_come_in_one_tick(self, burst: list[list[int]]) -> None:
        expected = [level for request in burst for level in self.textbook(request)]

        assert expected == self.in_store(burst)
        assert expected == [level for request in burst for level in self.locally(request)]

    def textbook(self, request: list[int]) -> list[int]:
        models = [self.models[index] for index in request]
        allowed = all(model.at(self.now) >= 1 for model in models)
        for model in models if allowed else ():
            model.take(self.now)
        levels = [model.at(self.now) * model.bucket.period_us for model in models]
        assert all(level.denominator == 1 for level in levels)
        return [int(level) if allowed else -1 - int(level) for level in levels]

    def in_store(self, burst: list[list[int]]) -> list[int]:
        keys = [f"bucket-{index}" for request in burst for index in request]
        packed = [b"".join(self.models[index].bucket.packed() for index in request) for request in burst]
        levels: list[int] = self.script(keys=keys, args=[*packed, self.now])
        return levels

    def locally(self, request: list[int]) -> list[int]:
        keys = [f"bucket-{index}" for index in request]
        return self.local.take(keys, [self.models[index].bucket for index in request])

    @invariant()
    def no_bucket_overflows(self) -> None:
        assert all(0 <= model.tokens <= model.bucket.burst for model in getattr(self, "models", ()))


@pytest.fixture
def client(store: Valkey) -> Iterator["redis.Redis"]:
    with redis.Redis(port=store.port, db=9, protocol=2) as connected:
        yield connected


def test_script_fallback_and_textbook_agree(client: "redis.Redis") -> None:
    Agreement.client = client
    machine = Agreement.TestCase
    machine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)

    machine().runTest()


def test_a_full_bucket_is_not_kept(client: "redis.Redis") -> None:
    """A key lives as long as its bucket is not full, and about a second more."""
    bucket = Bucket(rate=1, period_us=10 * SECOND, burst=3)

    client.register_script(SCRIPT)(keys=["kept"], args=[bucket.packed()])

    assert 10_000 < client.pttl("kept") <= 11_001


def test_the_local_fallback_forgets_the_longest_idle_bucket() -> None:
    local = LocalBuckets(clock_us=lambda: 0, max_buckets=2)
    bucket = Bucket(rate=1, period_us=SECOND, burst=1)

    taken = [local.take([name], [bucket]) for name in ("a", "b", "c", "a")]

    assert taken == [[0], [0], [0], [0]]
    assert local.take(["c"], [bucket]) == [-1]
