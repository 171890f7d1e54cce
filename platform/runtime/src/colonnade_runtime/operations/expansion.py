"""How long a document is with every fragment written out where it is spread."""

from collections.abc import Mapping

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
)


def expanded(document: DocumentNode) -> int:
    """Return the selections of the longest operation, counted in time that is linear in the document.

    Fragments that spread each other twice have two to the number of them; whoever validates or executes
    an operation walks through all. A fragment that contains itself is counted once: it is refused by others.
    """
    found = document.definitions
    fragments = {one.name.value: one for one in found if isinstance(one, FragmentDefinitionNode)}
    counter = _Counter(fragments)
    operations = (one for one in found if isinstance(one, OperationDefinitionNode))
    return max((counter.of(one.selection_set) for one in operations), default=0)


class _Counter:
    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, int] = {}

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
        if name not in self._known:
            self._known[name] = 0
            self._known[name] = self.of(fragment.selection_set)
        return self._known[name]
