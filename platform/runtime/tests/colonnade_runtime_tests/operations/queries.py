"""Random queries of the tree."""

from dataclasses import dataclass

from hypothesis import strategies as st

LEAVES = [
    "__typename",
    "name",
    "note",
    "weight",
    "alive",
    "colour",
    "tags",
    "gaps",
    "wrong",
    "absent",
    "times",
    "times(count: 3)",
    'times(text: "x", count: $count)',
    "later",
    "laterNull",
    "fails",
    "failsLater",
    "noList",
]
BRANCHES = ["child", "childLater", "nobody", "children", "children(first: $first)", "someChildren"]
DIRECTIVES = ["", "", "", "@include(if: $yes)", "@skip(if: $yes)", "@include(if: false)", "@skip(if: $no)"]
VARIABLES = "query Q($count: Int = 1, $first: Int!, $yes: Boolean!, $no: Boolean!)"
USED = """used: tree { times(count: $count) name @include(if: $yes) note @skip(if: $no) ...F ...G
children(first: $first) { name } }"""
"""A valid document has a use for all its variables and fragments."""
FRAGMENTS = "fragment F on Tree { name child { note later } } fragment G on Tree { ...F tags }"


@dataclass(frozen=True)
class Asked:
    """A query and its variables."""

    text: str
    variables: dict[str, object]


def selection(fields: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(fields, min_size=1, max_size=5).map(lambda some: "{ " + " ".join(some) + " }")


def named(field: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Fields with arguments have a name of their own, so that two of them never stand in one place."""
    return st.builds(
        lambda text, number: f"f{number}: {text}" if "(" in text.partition("@")[0] or number < 200 else text,
        field,
        st.integers(0, 1000),
    )


leaf = named(
    st.builds(
        lambda text, directive: f"{text} {directive}", st.sampled_from(LEAVES), st.sampled_from(DIRECTIVES)
    )
)
spread = st.builds(
    lambda name, directive: f"...{name} {directive}", st.sampled_from("FG"), st.sampled_from(DIRECTIVES)
)


def branch(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    field = st.builds(
        lambda text, directive, chosen: f"{text} {directive} {chosen}",
        st.sampled_from(BRANCHES),
        st.sampled_from(DIRECTIVES),
        selection(inner),
    )
    on_tree = st.builds(
        lambda directive, chosen: f"... on Tree {directive} {chosen}",
        st.sampled_from(DIRECTIVES),
        selection(inner),
    )
    return named(field) | on_tree | spread


fields = st.recursive(leaf, lambda inner: inner | branch(inner), max_leaves=10)
variables = st.fixed_dictionaries(
    {"first": st.integers(0, 2), "yes": st.booleans(), "no": st.booleans()},
    optional={"count": st.integers(0, 3)},
)
queries = st.builds(
    lambda top, chosen, given: Asked(f"{VARIABLES} {{ {USED} {top} {chosen} }} {FRAGMENTS}", given),
    st.sampled_from(["tree", "maybe", "x: tree { name } y: tree"]),
    selection(fields),
    variables,
)
