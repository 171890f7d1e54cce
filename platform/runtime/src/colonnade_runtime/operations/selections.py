"""What an operation asks of an object of a type, with its fragments merged and its directives decided."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    is_abstract_type,
    visit,
)
from graphql.language import BooleanValueNode, DirectiveNode, DocumentNode

SKIP, INCLUDE = "skip", "include"
Choices = Mapping[str, bool]
"""The values of the variables by which fields are skipped or included."""


@dataclass(frozen=True)
class Document:
    """A parsed document with one of its operations chosen."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    choices: Choices

    def fields(self, kind: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """Return the fields asked of an object of type `kind`, by the name they have in the answer."""
        found: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        for one in sets:
            for node in self._nodes(kind, one, spread):
                found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
        return found

    def _nodes(
        self, kind: GraphQLObjectType, within: SelectionSetNode, spread: set[str]
    ) -> Iterator[FieldNode]:
        """Yield the fields; a fragment is looked at where it is `spread` first (GraphQL §6.3.2)."""
        for node in within.selections:
            if not self._wanted(node):
                continue
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                if self._applies(kind, node.type_condition):
                    yield from self._nodes(kind, node.selection_set, spread)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in spread:
                spread.add(node.name.value)
                fragment = self.fragments[node.name.value]
                if self._applies(kind, fragment.type_condition):
                    yield from self._nodes(kind, fragment.selection_set, spread)

    def _applies(self, kind: GraphQLObjectType, condition: NamedTypeNode | None) -> bool:
        if condition is None or condition.name.value == kind.name:
            return True
        other = self.schema.type_map[condition.name.value]
        return is_abstract_type(other) and self.schema.is_sub_type(other, kind)

    def _wanted(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            condition = self._condition(directive)
            if (directive.name.value, condition) in {(SKIP, True), (INCLUDE, False)}:
                return False
        return True

    def _condition(self, directive: DirectiveNode) -> bool | None:
        for argument in directive.arguments or ():
            if argument.name.value == "if":
                if isinstance(argument.value, BooleanValueNode):
                    return argument.value.value
                if isinstance(argument.value, VariableNode):
                    return self.choices[argument.value.name.value]
        return None


class _Deciders(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        if node.name.value in {SKIP, INCLUDE}:
            values = (argument.value for argument in node.arguments or ())
            self.names |= {value.name.value for value in values if isinstance(value, VariableNode)}


def deciding_variables(document: DocumentNode) -> tuple[str, ...]:
    """Return the names of the variables by which fields are skipped or included: a plan for each choice."""
    deciders = _Deciders()
    visit(document, deciders)
    return tuple(sorted(deciders.names))
