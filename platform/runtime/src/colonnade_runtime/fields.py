"""Sparse answers: `?fields=name,price.amount` leaves out what the client did not name."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from colonnade_runtime.errors import Invalid
from colonnade_runtime.page import Page
from msgspec import inspect

LONGEST = 1024
"""The characters of a list of fields: more than any front end needs."""
DEEPEST = 8
"""The levels that a path may go down: types that hold themselves have no end."""
KNOWN = 128
"""Projections that a view keeps: a front end sends few different lists, and always the same."""
Projection = Callable[[Any], Any]
Tree = dict[str, Any]
"""The named fields, each with those within it; none are named within what is wanted whole."""


class Sparse:
    """The projections of one view, each compiled once."""

    def __init__(self, view: Callable[..., Any]) -> None:
        """Read what the view returns. Raises `TypeError` where that has no fields."""
        returned = inspect.type_info(get_type_hints(view).get("return", Any))
        if _fields(returned) is None:
            raise TypeError(
                f"{getattr(view, '__name__', view)}: say which struct it returns, to take `fields`"
            )
        self._returned = returned
        self._compiled = lru_cache(KNOWN)(self._compile)

    def projection(self, query: str) -> Projection | None:
        """Return what leaves out all that the query does not name; None where it names nothing.

        Raises `Invalid` for a field that there is none of.
        """
        given = [value for name, value in parse_qsl(query, keep_blank_values=True) if name == "fields"]
        return self._compiled(",".join(given)) if given else None

    def _compile(self, text: str) -> Projection:
        if len(text) > LONGEST:
            raise Invalid(f"fields: more than {LONGEST} characters.")
        tree = _tree(text)
        whole = _items(self._returned)
        if whole is None:
            return _projection(self._returned, tree, "")
        items = _projection(whole, tree, "")
        return lambda page: {"items": [items(item) for item in page.items], "next_cursor": page.next_cursor}


def _tree(text: str) -> Tree:
    tree: Tree = {}
    for path in text.split(","):
        inner = tree
        names = path.strip().split(".")
        if len(names) > DEEPEST:
            raise Invalid(f"fields: {path.strip()!r} goes down more than {DEEPEST} levels.")
        for name in names:
            inner = inner.setdefault(name, {})
    return tree


def _items(kind: inspect.Type) -> inspect.Type | None:
    """The type of a page's items: the fields of a list are those of what it lists."""
    if not isinstance(kind, inspect.StructType) or getattr(kind.cls, "__origin__", kind.cls) is not Page:
        return None
    listed = kind.fields[0].type
    return listed.item_type if isinstance(listed, inspect.ListType) else None


def _projection(kind: inspect.Type, tree: Tree, within: str) -> Projection:
    if isinstance(kind, inspect.ListType):
        each = _projection(kind.item_type, tree, within)
        return lambda values: [each(value) for value in values]
    if isinstance(kind, inspect.UnionType):
        inner = _projection(_only(kind), tree, within)
        return lambda value: None if value is None else inner(value)
    known = _fields(kind) or {}
    picks = [_pick(name, inside, known, within) for name, inside in tree.items()]

    def project(value: object) -> dict[str, Any]:
        answer = {}
        for name, attribute, inner in picks:
            one = getattr(value, attribute)
            if one is not msgspec.UNSET:
                answer[name] = one if inner is None else inner(one)
        return answer

    return project


def _pick(
    name: str, inside: Tree, known: Mapping[str, inspect.Field], within: str
) -> tuple[str, str, Projection | None]:
    if name not in known:
        raise Invalid(_unknown(within + name, [within + one for one in known]))
    field = known[name]
    inner = _projection(field.type, inside, f"{within}{name}.") if inside else None
    return name, field.name, inner


def _unknown(name: str, known: list[str]) -> str:
    nearest = get_close_matches(name, known, n=1, cutoff=0.0)
    hint = f"; the nearest is {nearest[0]!r}" if nearest else ""
    return f"fields: there is no {name!r}{hint}."


def _fields(kind: inspect.Type) -> dict[str, inspect.Field] | None:
    """The fields that a client may name, by the names that it sees; None for what has none."""
    if isinstance(kind, inspect.ListType):
        return _fields(kind.item_type)
    if isinstance(kind, inspect.UnionType):
        return _fields(_only(kind))
    if isinstance(kind, inspect.StructType) and not kind.array_like:
        return {field.encode_name: field for field in kind.fields}
    return None


def _only(kind: inspect.UnionType) -> inspect.Type:
    """The one type beside None; of several, none has fields that could be named."""
    others = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
    return others[0] if len(others) == 1 else inspect.AnyType()
