"""The tests of the limits can fail: a fault put anywhere into an implementation is found by them."""

import builtins
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from types import CodeType, ModuleType
from typing import Any

import pytest
import redis

from colonnade_edge_tests.limits import mutants
from colonnade_edge_tests.limits.script import Script, agree
from colonnade_edge_tests.limits.test_memory import check_ask, check_memory
from colonnade_edge_tests.limits.test_rule import check_rules
from colonnade_edge_tests.limits.traces import Trace, traces
from colonnade_edge_tests.processes import Valkey
from colonnade_policy.limits import (
    SCRIPT,
    algorithm,
    fixed_window,
    leaky_bucket,
    memory,
    rule,
    sliding_window_counter,
    sliding_window_log,
    token_bucket,
)

MODULES = [
    rule,
    algorithm,
    fixed_window,
    sliding_window_log,
    sliding_window_counter,
    token_bucket,
    leaky_bucket,
    memory,
]
COUNT = 150
FUEL = """
local left = 10000
local function fuel()
  left = left - 1
  return left > 0 or error('endless')
end
"""
"""No fault keeps the store busy for ever."""

LINE = "while forgotten(first) do last, first = first, {} end"
FASTER = "how fast the search widens changes no answer"
BASE = "only differences of the sums of all so far are used"
EQUIVALENT = {
    "sliding_window_log": {
        "first += 2 => first += 1": "costs are looked at as times, and such a time is long past",
        "return state[-2] + rule.period_us - state[0] if len(state) > 1 else 0"
        " => return state[-2] + rule.period_us - state[0] if len(state) > 2 else 0": "there are 1, 3, 5, …",
    },
    "token_bucket": {"if missing <= 0: => if missing < 0:": "minus zero is zero"},
    "memory": {
        "if state is not None and now < state[0]: => if state is not None and now <= state[0]:": "then both"
        " are the same",
    },
    "decide.lua": {
        "if missing <= 0 then return 0 end => if missing < 0 then return 0 end": "minus zero is zero",
        "if known and now < s.at then => if known and now <= s.at then": "then both are the same",
        "s = { name = name, b = 0 } => s = { name = name, b = 1 }": "kept, and not read unless set",
        "if at then s.a = s.b - all + cost else s.a, s.b = 0, 0 end"
        " => if at then s.a = s.b - all + cost else s.a, s.b = 0, 1 end": BASE,
        "fresh = function(r, s) s.a, s.b, s.first = 0, 0, redis.call('LLEN', s.name) end,"
        " => fresh = function(r, s) s.a, s.b, s.first = 0, 1, redis.call('LLEN', s.name) end,": BASE,
        "if s.first > 0 then redis.call('LTRIM', s.name, s.first, -1) end"
        " => if s.first >= 0 then redis.call('LTRIM', s.name, s.first, -1) end": "nothing is removed",
        "local last, first = -1, 0 => local last, first = -0, 0": "index 0 is looked at before",
        "local last, first = -1, 0 => local last, first = -1, 1": FASTER,
        **{
            f"{LINE.format('2 * first + 1')} => {LINE.format(other)}": FASTER
            for other in ("1 * first + 1", "3 * first + 1", "2 + first + 1", "2 * first + 2")
        },
        "local middle = floor((first + last) / 2) => local middle = ceil((first + last) / 2)": "both halves"
        " get smaller",
        "local text = packed:sub(at, at + 32) => local text = packed:sub(at, at + 33)": "one byte more is"
        " not unpacked",
        "shadow = code >= SHADOW, algorithm = algorithms[code % SHADOW],"
        " => shadow = code > SHADOW, algorithm = algorithms[code % SHADOW],": "there is no algorithm 0",
    },
}
"""Faults that change nothing that can be seen, and why."""


@pytest.fixture(scope="module")
def recorded() -> list[Trace]:
    return list(traces(COUNT))


@cache
def compiled(module: ModuleType) -> CodeType:
    return compile(inspect.getsource(module), module.__name__, "exec")


def package(broken: ModuleType, source: str) -> dict[str, Any]:
    """The package's modules by name, with the source of one of them replaced."""
    made: dict[str, Any] = {}

    def lookup(name: str, *others: Any) -> Any:  # noqa: ANN401 - as `__import__`
        return made.get(name) or builtins.__import__(name, *others)

    for module in MODULES:
        fresh = ModuleType(module.__name__)
        vars(fresh)["__builtins__"] = {**vars(builtins), "__import__": lookup}
        code = compile(source, module.__name__, "exec") if module is broken else compiled(module)
        exec(code, vars(fresh))  # noqa: S102 - our own source, with a fault of ours
        made[module.__name__] = fresh
    return made


def found_in_memory(made: dict[str, Any], recorded: list[Trace]) -> bool:
    """Whether the tests notice what is wrong with these modules."""
    kept, rules = made[memory.__name__], made[rule.__name__]
    try:
        for trace in recorded:
            limiter = kept.MemoryLimiter()
            for step in trace:
                answered = [
                    tuple(outcome)
                    for question in step.burst
                    for outcome in limiter.decide(question.asks, question.cost, step.now)
                ]
                if answered != step.expected:
                    return True
        check_rules(rules.Rule)
        check_ask(kept.Ask)
        check_memory(kept.MemoryLimiter)
    except Exception:  # noqa: BLE001 - whatever a fault leads to, it was found
        return True
    return False


def survivors(made: Iterator[mutants.Mutant], found: Callable[[str], bool]) -> set[str]:
    return {mutant.fault for mutant in made if not found(mutant.source)}


def check(left: set[str], name: str) -> None:
    known = set(EQUIVALENT.get(name, {}))
    assert left == known, "\n".join(["", *sorted(left - known), "and found:", *sorted(known - left)])


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_fault_in_a_module_is_found(module: ModuleType, recorded: list[Trace]) -> None:
    source = inspect.getsource(module)
    assert not found_in_memory(package(module, source), recorded)

    left = survivors(mutants.python(source), lambda text: found_in_memory(package(module, text), recorded))

    check(left, module.__name__.rpartition(".")[2])


def test_every_fault_in_the_script_is_found(store: Valkey, recorded: list[Trace]) -> None:
    with redis.Redis(port=store.port, db=10, protocol=2, socket_timeout=20) as client:

        def found(source: str) -> bool:
            try:
                script = Script(client, FUEL + source.replace("while ", "while fuel() and "))
                for trace in recorded:
                    client.flushdb()
                    answers = script.decide_all([(step.burst, step.now) for step in trace])
                    if not all(
                        agree(step.burst, step.expected, answer)
                        for step, answer in zip(trace, answers, strict=True)
                    ):
                        return True
            except Exception:  # noqa: BLE001 - whatever a fault leads to, it was found
                return True
            finally:
                client.script_flush()
            return False

        assert not found(SCRIPT.decode())
        left = survivors(mutants.lua(SCRIPT.decode()), found)

    check(left, "decide.lua")
