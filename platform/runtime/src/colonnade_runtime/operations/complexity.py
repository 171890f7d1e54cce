"""How many fields an operation may make us answer: each once, and those within a list for each of its items.

How long a list may become is told by an argument `first`, `last` or `limit`, of the list itself or of the
object that holds it (a connection); without one, `LIST` is assumed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from colonnade_runtime.operations.selections import Document
from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    SelectionSetNode,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    visit,
)
from graphql.language import IntValueNode, VariableNode

LIST = 5
"""Items of a list whose length nobody says."""
SIZES = ("first", "last", "limit")
STEPS = 2_000
"""Types, each with what is asked of it, that are looked at."""
BEYOND = 10**9
"""What is told of an operation that takes more steps to count."""


def complexity(
    document: Document,
    kind: GraphQLObjectType,
    sets: Sequence[SelectionSetNode],
    variables: Mapping[str, Any],
) -> int:
    """Return how many fields of an object of type `kind` would be answered at the most."""
    return _Count(document, variables).fields(kind, sets, sized=False)


class _Count:
    """Counts, for each type and what is asked of it, once: a type that stands for others is any of them."""

    def __init__(self, document: Document, variables: Mapping[str, Any]) -> None:
        self._document = document
        self._variables = variables
        self._known: dict[tuple[object, ...], int] = {}

    def fields(self, kind: GraphQLObjectType, sets: Sequence[SelectionSetNode], *, sized: bool) -> int:
        """Return how many fields; `sized`: the lists in here were counted."""
        key = (kind.name, sized, *map(id, sets))
        if key not in self._known:
            if len(self._known) > STEPS:
                return BEYOND
            self._known[key] = sum(
                1 + self._within(kind, nodes, sized=sized)
                for nodes in self._document.fields(kind, sets).values()
            )
        return self._known[key]

    def _within(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode], *, sized: bool) -> int:
        field: GraphQLField | None = kind.fields.get(nodes[0].name.value)
        inner = [node.selection_set for node in nodes if node.selection_set is not None]
        if field is None or not inner:
            return 0
        is_list = isinstance(get_nullable_type(field.type), GraphQLList)
        size = _size(field, nodes[0], self._variables)
        items = max(1, size) if size is not None else LIST if is_list and not sized else 1
        counted = size is not None and not is_list
        return items * max(
            (self.fields(one, inner, sized=counted) for one in self._objects(get_named_type(field.type))),
            default=0,
        )

    def _objects(self, kind: GraphQLNamedType) -> Sequence[GraphQLObjectType]:
        """The types that an object of this type may have."""
        if is_abstract_type(kind):
            return self._document.schema.get_possible_types(kind)
        return [kind] if isinstance(kind, GraphQLObjectType) else []


def size_variables(document: DocumentNode) -> tuple[str, ...]:
    """Return the names of the variables by which lists get longer."""
    sizes = _Sizes()
    visit(document, sizes)
    return tuple(sorted(sizes.names))


class _Sizes(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        if node.name.value in SIZES and isinstance(node.value, VariableNode):
            self.names.add(node.value.name.value)


def _size(field: GraphQLField, node: FieldNode, variables: Mapping[str, Any]) -> int | None:
    said = (_said(field, node, name, variables) for name in SIZES)
    return next((size for size in said if size is not None), None)


def _said(field: GraphQLField, node: FieldNode, name: str, variables: Mapping[str, Any]) -> int | None:
    """What the argument `name` says: here, by a variable, or by default."""
    known = field.args.get(name)
    if known is None:
        return None
    for argument in node.arguments or ():
        if argument.name.value == name:
            match argument.value:
                case IntValueNode(value=text):
                    return int(text)
                case VariableNode(name=variable):
                    value = variables.get(variable.value)
                    return value if isinstance(value, int) else None
                case _:
                    return None
    default = known.default_value
    return default if isinstance(default, int) else None
