"""A compiled operation answers as the stock executor does, whatever is asked."""

import asyncio
import gc
from typing import Any

import pytest
from colonnade_runtime.operations.engine import EACH, KEPT, LONGEST_KEPT, TOO_COMPLEX, Engine, Refused
from colonnade_runtime.operations.expansion import overlaps
from graphql import (
    ExecutionResult,
    GraphQLError,
    ValidationRule,
    execute,
    get_introspection_query,
    parse,
)
from hypothesis import assume, example, given, settings
from strawberry.extensions.query_depth_limiter import create_validator as no_deeper_than

from colonnade_runtime_tests.operations.queries import FRAGMENTS, USED, VARIABLES, Asked, queries
from colonnade_runtime_tests.operations.tree import Tree, log, schema

GRAPHQL = schema._schema
NOTHING: dict[str, object] = {"first": 1, "yes": True, "no": False}


def engine() -> Engine:
    return Engine(schema, [], 2_000, 1_000_000, 1_000_000)


async def ours(asked: Asked) -> ExecutionResult:
    made = engine()
    return await made.execute(made.prepare(asked.text, None), asked.variables, "here")


async def stock(asked: Asked) -> ExecutionResult:
    found: Any = execute(GRAPHQL, parse(asked.text), None, "here", asked.variables)
    result: ExecutionResult = await found if hasattr(found, "__await__") else found
    return result


def told(error: GraphQLError) -> tuple[tuple[str | int, ...], str]:
    return tuple(error.path or ()), error.message


def whole(text: str) -> str:
    return f"{VARIABLES} {{ {USED} tree {{ {text} }} }} {FRAGMENTS}"


@settings(max_examples=60, deadline=None)
@given(queries)
@example(Asked(whole("child { child { absent } note }"), NOTHING))
@example(Asked(whole("childLater { children { laterNull name } name } ...G"), NOTHING))
@example(Asked(whole("someChildren { failsLater }"), NOTHING))
def hold_against_the_stock_executor(asked: Asked) -> None:
    try:
        engine().prepare(asked.text, None)
    except Refused:
        assume(False)  # two fields of one name that differ

    expected, found = asyncio.run(_both(asked))

    assert expected.data == found.data
    assert _order(expected.data) == _order(found.data)
    # Of several errors that make one place null, any may be told; each that is must be one of the stock's,
    # or lie where the stock executor stopped to look.
    assert bool(expected.errors) == bool(found.errors)
    left = [
        error for error in map(told, found.errors or ()) if error not in set(map(told, expected.errors or ()))
    ]
    assert all(_at(expected.data, path) is None for path, _ in left)


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_what_is_answered_is_what_the_stock_executor_answers() -> None:
    hold_against_the_stock_executor()
    gc.collect()  # the stock executor leaves coroutines behind where a field beside them fails


async def _both(asked: Asked) -> tuple[ExecutionResult, ExecutionResult]:
    return await stock(asked), await ours(asked)


def _order(data: Any) -> Any:  # noqa: ANN401 - an answer
    """Names in the order in which they stand, which equality of dicts does not see."""
    if isinstance(data, dict):
        return [(name, _order(value)) for name, value in data.items()]
    return [_order(one) for one in data] if isinstance(data, list) else data


def _at(data: Any, path: tuple[str | int, ...]) -> Any:  # noqa: ANN401 - as above
    for key in path:
        if data is None:
            return None
        data = data[key]
    return data


async def test_errors_have_path_place_and_cause() -> None:
    result = await ours(Asked("{ tree { a: fails childLater { fails } } }", {}))

    assert {("tree", "a"), ("tree", "childLater", "fails")} == {told(one)[0] for one in result.errors or ()}
    assert all(one.original_error is not None and one.locations for one in result.errors or ())


async def test_what_changes_something_is_done_one_after_the_other() -> None:
    log.clear()
    result = await ours(Asked('mutation { a: add(name: "a") b: add(name: "b") }', {}))

    assert {"a": 2, "b": 4} == result.data
    assert ["begin a", "end a", "begin b", "end b"] == log


async def test_what_plans_do_not_cover_is_left_to_the_stock_executor() -> None:
    result = await ours(Asked('{ __type(name: "Tree") { name } tree { name } }', {}))

    assert {"__type": {"name": "Tree"}, "tree": {"name": "t0"}} == result.data


async def test_a_variable_that_does_not_fit_is_told() -> None:
    asked = Asked("query ($n: Int!) { tree { times(count: $n) } }", {"n": "many"})

    result = await ours(asked)

    assert result.data is None
    assert "'$n'" in (result.errors or [])[0].message


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("{ tree { ", "Syntax Error"),
        ("{ tree { nmae } }", "Cannot query field 'nmae'"),
        ("query A { tree { name } } query B { tree { name } }", "operationName: A, B"),
        ("{ " + "tree { name } " * 1000 + "}", "more than 2000 tokens"),
    ],
)
def test_a_document_that_cannot_be_executed_is_refused(query: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        engine().prepare(query, None)


def test_an_operation_is_prepared_once() -> None:
    made = engine()

    assert made.prepare("{ tree { name } }", None) is made.prepare("{ tree { name } }", None)


def test_an_operation_that_is_long_is_not_kept() -> None:
    made = engine()
    asked = f'{{ tree {{ times(text: "{"x" * LONGEST_KEPT}") }} }}'

    assert made.prepare(asked, None) is not made.prepare(asked, None)


def test_the_operation_used_longest_ago_is_let_go_first() -> None:
    made = engine()
    asked = [f'{{ tree {{ times(text: "{letter * (KEPT // 5)}") }} }}' for letter in "abcdef"]
    first = [made.prepare(one, None) for one in asked[:4]]
    made.prepare(asked[0], None)
    made.prepare(asked[4], None)

    assert made.prepare(asked[0], None) is first[0]
    assert made.prepare(asked[1], None) is not first[1]


def test_operations_are_bounded_in_number_too() -> None:
    made = engine()
    first = made.prepare("{ tree { name } }", None)
    for number in range(KEPT // EACH):
        made.prepare(f"{{ a{number}: tree {{ name }} }}", None)

    assert made.prepare("{ tree { name } }", None) is not first


async def test_nothing_is_left_running_when_the_request_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = asyncio.Event()

    async def never(_self: Tree) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return ""

    field = GRAPHQL.type_map["Tree"].fields["later"].extensions["strawberry-definition"]  # type: ignore[attr-defined]  # a type of objects
    monkeypatch.setattr(field.base_resolver, "wrapped_func", never)
    running = asyncio.create_task(ours(Asked("{ tree { later } }", {})))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()

    await asyncio.wait_for(ended.wait(), 5)
    with pytest.raises(asyncio.CancelledError):
        await running


def doubled(depth: int) -> str:
    """A query whose fragments spread each other twice: 2 to the `depth` fields."""
    chain = (f"fragment F{n} on Tree {{ ...F{n + 1} ...F{n + 1} }}" for n in range(depth))
    return " ".join(["{ tree { ...F0 } }", *chain, f"fragment F{depth} on Tree {{ name }}"])


def test_fragments_that_double_are_not_walked_through() -> None:
    # The rules that look at every selection would take longer than anybody lives.
    with pytest.raises(Refused, match="fields and fragments"):
        Engine(schema, [no_deeper_than(10, None)], 2_000, 10_000, 10_000).prepare(doubled(100), None)


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("{ tree { name name name } }", 3),
        ("{ tree { name ... { name } ... on Tree { name } other: name } }", 3),
        ("{ tree { name } tree { name } tree { name name } }", 3 + 6),
        ("{ tree { ...F ...F } } fragment F on Tree { name }", 1 + 1),
        ("{ tree { ...F name } } fragment F on Tree { name note name }", 1 + 3),
        ("{ tree { child { name } name } }", 0),
        (get_introspection_query(), 0),
    ],
)
def test_what_meets_in_one_place_is_counted_in_pairs(query: str, pairs: int) -> None:
    assert pairs == overlaps(parse(query))


class Seen(ValidationRule):
    """A rule that notes that a document is validated."""

    times = 0

    def enter_document(self, *_: object) -> None:
        Seen.times += 1


@pytest.mark.parametrize(
    ("query", "validated"),
    [
        ("{ tree { " + "name " * 45 + "} }", 1),
        ("{ tree { " + "name " * 46 + "} }", 0),
        ("{ tree { " + "child { name } " * 400 + "} }", 0),
        ("{ tree { name } } fragment Unused on Tree { " + "name " * 46 + "}", 0),
        (" ".join(f"query Q{n} {{ tree {{ {'name ' * 30} }} }}" for n in range(3)), 0),
    ],
)
def test_fields_that_meet_too_often_are_refused_before_they_are_compared(query: str, validated: int) -> None:
    Seen.times = 0
    made = Engine(schema, [Seen], 2_000, 10_000, 1_000)

    if validated:
        made.prepare(query, None)
    else:
        with pytest.raises(Refused, match="pairs of fields with one place") as refused:
            made.prepare(query, None)
        assert [{"code": TOO_COMPLEX}] == [error.extensions for error in refused.value.errors]

    assert validated == Seen.times


def test_fragments_are_counted_for_each_operation() -> None:
    # Rules that walk through all fragments do so for each of the operations.
    many = " ".join(f"query Q{n} {{ tree {{ ...F }} }}" for n in range(10))
    fragment = f"fragment F on Tree {{ {' '.join(f'{chr(97 + n)}: name' for n in range(20))} }}"
    with pytest.raises(Refused, match="has 240 fields and fragments"):
        Engine(schema, [], 2_000, 239, 1_000).prepare(f"{many} {fragment}", None)


@pytest.mark.parametrize(
    "fragments",
    ["fragment F on Tree { ...F }", "fragment F on Tree { child { ...G } } fragment G on Tree { ...F name }"],
)
def test_a_fragment_that_contains_itself_is_refused(fragments: str) -> None:
    with pytest.raises(Refused, match="Cannot spread fragment"):
        engine().prepare(f"{{ tree {{ ...F }} }} {fragments}", None)


def test_a_document_nested_by_fragments_beyond_reason_is_refused() -> None:
    inner = "{ child " * 40
    chain = (f"fragment F{n} on Tree {inner} {{ ...F{n + 1} }} {'}' * 40} " for n in range(60))
    text = " ".join(["{ tree { ...F0 } }", *chain, "fragment F60 on Tree { name }"])
    with pytest.raises(Refused, match="nested too deep"):
        Engine(schema, [], 20_000, 1_000_000, 1_000).prepare(text, None)


def test_a_fragment_is_spread_once() -> None:
    plan = engine().prepare(doubled(8), None).plan({})

    assert plan is not None
    assert [len(field.nodes) for field in plan] == [1]


def test_a_document_nested_beyond_reason_is_refused() -> None:
    with pytest.raises(Refused):
        engine().prepare("{ tree " + "{ child " * 900 + "{ name }" + "}" * 901, None)
