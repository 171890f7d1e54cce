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
    GraphQLObjectType,
    SelectionSetNode,
    Visitor,
    get_named_type,
    get_nullable_type,
    visit,
)
from graphql.language import IntValueNode, VariableNode

LIST = 5
"""Items of a list whose length nobody says."""
SIZES = ("first", "last", "limit")


def complexity(
    document: Document,
    kind: GraphQLObjectType,
    sets: Sequence[SelectionSetNode],
    variables: Mapping[str, Any],
    *,
    sized: bool = False,
) -> int:
    """Return how many fields would be answered at the most; `sized`: the lists in here were counted."""
    total = 0
    for nodes in document.fields(kind, sets).values():
        total += 1
        field: GraphQLField | None = kind.fields.get(nodes[0].name.value)
        inner = [node.selection_set for node in nodes if node.selection_set is not None]
        of = get_named_type(field.type) if field is not None else None
        if field is not None and inner and isinstance(of, GraphQLObjectType):
            is_list = isinstance(get_nullable_type(field.type), GraphQLList)
            size = _size(field, nodes[0], variables)
            items = max(1, size) if size is not None else LIST if is_list and not sized else 1
            counted = size is not None and not is_list
            total += items * complexity(document, of, inner, variables, sized=counted)
    return total


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
