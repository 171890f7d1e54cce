"""How large a document is with every fragment written out where it is spread, and what meets in it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

Fragments = Mapping[str, FragmentDefinitionNode]
Met = defaultdict[str, list[SelectionNode]]
SPREAD = "..."
"""In the place of a name: all fragments that are spread are compared with each other."""


class Expanded(NamedTuple):
    """How many selections a document has, and whether a fragment contains itself, which is counted once."""

    length: int
    cyclic: bool


def expanded(document: DocumentNode) -> Expanded:
    """Count the selections of all operations and fragments, in time that is linear in the document.

    Fragments that spread each other twice have two to the number of them; whoever validates or executes
    an operation walks through all.
    """
    counter = _Counter(_fragments(document))
    return Expanded(sum(map(counter.of, _sets(document))), counter.cyclic)


def overlaps(document: DocumentNode) -> int:
    """Count the pairs of fields that have the same place in an answer.

    Each pair is compared by the rule that such fields have to agree (GraphQL §5.3.2), and so is each pair of
    fragments spread in one place. Takes time linear in the expanded document; no fragment may contain itself.
    """
    fragments = _fragments(document)
    return sum(_pairs([one], fragments) for one in _sets(document))


def _fragments(document: DocumentNode) -> Fragments:
    return {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}


def _sets(document: DocumentNode) -> Iterator[SelectionSetNode]:
    for one in document.definitions:
        if isinstance(one, OperationDefinitionNode | FragmentDefinitionNode):
            yield one.selection_set


def _pairs(sets: Iterable[SelectionSetNode], fragments: Fragments) -> int:
    """Count what meets in one place, and in those within it."""
    met: Met = defaultdict(list)
    for one in sets:
        _meet(one, fragments, met)
    pairs = sum(len(nodes) * (len(nodes) - 1) // 2 for nodes in met.values())
    for nodes in met.values():
        fields = (node for node in nodes if isinstance(node, FieldNode))
        if inner := [field.selection_set for field in fields if field.selection_set is not None]:
            pairs += _pairs(inner, fragments)
    return pairs


def _meet(selected: SelectionSetNode, fragments: Fragments, met: Met) -> None:
    """Sort the fields of one place by their names in the answer, whatever type they are asked of."""
    for node in selected.selections:
        if isinstance(node, FieldNode):
            met[(node.alias or node.name).value].append(node)
        elif isinstance(node, InlineFragmentNode):
            _meet(node.selection_set, fragments, met)
        elif isinstance(node, FragmentSpreadNode):
            met[SPREAD].append(node)
            if (fragment := fragments.get(node.name.value)) is not None:
                _meet(fragment.selection_set, fragments, met)


class _Counter:
    def __init__(self, fragments: Fragments) -> None:
        self.cyclic = False
        self._fragments = fragments
        self._known: dict[str, int] = {}
        self._within: set[str] = set()

    def of(self, selected: SelectionSetNode | None) -> int:
        total = 0
        for node in selected.selections if selected is not None else ():
            if isinstance(node, FragmentSpreadNode):
                total += 1 + self._fragment(node.name.value)
            else:
                total += 1 + self.of(node.selection_set)  # type: ignore[attr-defined]  # fields and inline fragments
        return total

    def _fragment(self, name: str) -> int:
        fragment = self._fragments.get(name)
        if fragment is None:
            return 0
        if name in self._within:
            self.cyclic = True
            return 0
        if name not in self._known:
            self._within.add(name)
            self._known[name] = self.of(fragment.selection_set)
            self._within.remove(name)
        return self._known[name]
