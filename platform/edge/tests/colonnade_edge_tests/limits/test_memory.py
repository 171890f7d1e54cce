"""A process keeps no more states than it was told to; what was idle longest is forgotten."""

from collections.abc import Callable

from colonnade_policy.limits import memory
from colonnade_policy.limits.memory import Ask, MemoryLimiter
from colonnade_policy.limits.rule import Rule

ONE = Rule("fixed_window", 1, 1_000_000)
KEPT = 100_000


def check_memory(limiter: Callable[..., MemoryLimiter] = MemoryLimiter) -> None:
    small = limiter(max_states=2)
    for key in ("a", "b", "a", "c"):
        small.decide([Ask(key, Rule("fixed_window", 5, 1_000_000))], 1, 0)
    assert len(small) == 2
    left = {key: small.decide([Ask(key, ONE)], 0, 0)[0].remaining for key in "abc"}
    assert left == {"a": -1, "b": 1, "c": 0}

    full = limiter()
    for number in range(KEPT + 1):
        full.decide([Ask(str(number), ONE)], 1, 0)
    assert len(full) == KEPT


def check_ask(ask: type[memory.Ask] = Ask) -> None:
    assert not ask("key", ONE).shadow


def test_states_are_bounded() -> None:
    check_memory()


def test_a_limit_refuses_unless_it_is_told_otherwise() -> None:
    check_ask()
