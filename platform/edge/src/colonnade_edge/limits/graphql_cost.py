"""What a GraphQL query costs: a hundredth of the objects that it may return, rounded up.

Every field that has fields of its own is an object, as many times as `first`, `last` or `limit` on the way
to it say. Source: GitHub's GraphQL API, "Rate limits and query limits: calculating a rate limit score".
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec
from graphql import GraphQLError, parse
from graphql.language import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

OBJECTS_PER_UNIT = 100
MAX_COST = 1_000_000
MAX_DEPTH = 50
MAX_TOKENS = 5_000
MAX_BATCH = 20
MAX_VISITED = 20_000
"""Fields looked at in one body: fragments that spread each other twice have 2 to the depth of them."""
PARSED, LONGEST_PARSED = 512, 4096
"""Queries that are kept parsed, and the characters of one; each may take some hundred bytes."""
SIZES = frozenset({"first", "last", "limit"})


class Body(msgspec.Struct):
    """A GraphQL request."""

    query: str = ""
    variables: dict[str, Any] | None = None
    operationName: str | None = None  # noqa: N815 - the protocol's name


class _Endless(Exception):  # noqa: N818 - what the query is
    """A query that nobody would count to its end."""


_decoder = msgspec.json.Decoder(Body | list[Body])


def query_cost(body: bytes) -> int:
    """Return the cost of a request body; 1 for one that is not understood, which the BFF will refuse."""
    try:
        found = _decoder.decode(body)
        bodies = found if isinstance(found, list) else [found]
        if len(bodies) > MAX_BATCH:
            return MAX_COST
        visits = iter(range(MAX_VISITED))
        cost = sum(_cost(one, visits) for one in bodies)
    except (msgspec.MsgspecError, GraphQLError, RecursionError, UnicodeDecodeError):
        return 1
    except (_Endless, ValueError):  # a number of more digits than Python reads
        return MAX_COST
    return min(MAX_COST, max(1, cost))


def _cost(body: Body, visits: Iterator[int]) -> int:
    parsed = _kept if len(body.query) <= LONGEST_PARSED else _parsed
    document = parsed(body.query)
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    named = [d for d in operations if d.name is not None and d.name.value == body.operationName]
    chosen = named or operations[:1]
    objects = sum(
        _Counter(document, operation, body.variables or {}, visits).objects() for operation in chosen
    )
    return -(-objects // OBJECTS_PER_UNIT)


def _parsed(query: str) -> DocumentNode:
    return parse(query, no_location=True, max_tokens=MAX_TOKENS)


_kept = lru_cache(maxsize=PARSED)(_parsed)


class _Counter:
    """Counts the objects of one operation, with as many looks at a field as `visits` has left."""

    def __init__(
        self,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: dict[str, Any],
        visits: Iterator[int],
    ) -> None:
        self._operation = operation
        self._visits = visits
        self._fragments = {
            d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
        }
        defaults = {
            one.variable.name.value: int(one.default_value.value)
            for one in operation.variable_definitions or ()
            if isinstance(one.default_value, IntValueNode)
        }
        self._variables = defaults | variables

    def objects(self) -> int:
        return self._of(self._operation.selection_set, 1, 0)

    def _of(self, selected: SelectionSetNode | None, times: int, depth: int) -> int:
        if selected is None or depth > MAX_DEPTH or times > MAX_COST * OBJECTS_PER_UNIT:
            return times if selected is not None else 0
        total = 0
        for one in selected.selections:
            if next(self._visits, None) is None:
                raise _Endless
            match one:
                case FieldNode(selection_set=SelectionSetNode() as below):
                    each = times * self._size(one)
                    total += each + self._of(below, each, depth + 1)
                case InlineFragmentNode():
                    total += self._of(one.selection_set, times, depth + 1)
                case FragmentSpreadNode():
                    fragment = self._fragments.get(one.name.value)
                    total += self._of(fragment.selection_set if fragment else None, times, depth + 1)
                case _:
                    pass
        return total

    def _size(self, field: FieldNode) -> int:
        for argument in field.arguments or ():
            if argument.name.value in SIZES:
                value = argument.value
                if isinstance(value, IntValueNode):
                    return max(1, int(value.value))
                if isinstance(value, VariableNode):
                    given = self._variables.get(value.name.value)
                    return max(1, given) if isinstance(given, int) else 1
        return 1
