"""What an operation may cost, where types stand for others."""

from typing import Annotated

import pytest
import strawberry
from colonnade_runtime.operations.engine import Engine

MANY = 12


@strawberry.interface
class Node:
    id: str

    @strawberry.field
    def nodes(self, first: int = 2) -> list["Node"]:
        return [Leaf(id="leaf")] * first


@strawberry.type
class Leaf(Node):
    """A node."""


@strawberry.type
class Branch(Node):
    name: str = "branch"


Any = Annotated[Leaf | Branch, strawberry.union("Any")]


@strawberry.type
class Query:
    @strawberry.field
    def node(self) -> Node:
        return Leaf(id="1")

    @strawberry.field
    def any(self, first: int = 2) -> list[Any]:
        return [Leaf(id="1")] * first


others = [strawberry.type(type(f"Other{number}", (Node,), {"__annotations__": {}})) for number in range(MANY)]
schema = strawberry.Schema(Query, types=[Leaf, Branch, *others])


def cost(query: str, **variables: object) -> int:
    return Engine(schema, [], 2_000, 10_000, 10_000).prepare(query, None).complexity(variables)


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("{ node { id } }", 2),
        ("{ node { nodes(first: 100) { nodes(first: 100) { id } } } }", 2 + 100 * (1 + 100)),
        ("{ any(first: 10) { ... on Leaf { id } ... on Branch { id name } } }", 1 + 10 * 2),
        ("{ any { __typename ... on Node { nodes(first: 50) { id } } } }", 1 + 2 * (2 + 50)),
        ("query ($n: Int!) { node { nodes(first: $n) { id } } }", 2 + 30),
    ],
)
def test_a_type_that_stands_for_others_costs_what_the_dearest_of_them_does(query: str, fields: int) -> None:
    assert fields == cost(query, n=30)


def test_many_types_nested_in_many_levels_are_counted_soon() -> None:
    # Each of the types at each of the levels, but not in every combination.
    assert 2**21 == cost("{ node " + "{ nodes " * 20 + "{ id }" + " }" * 21)
