"""The target of a call: path and query, filled so that a value never leaves its place."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from colonnade_runtime.errors import NotFound

_NAME = re.compile(r"\{(\w+)\}")
_LEAVES = frozenset({"", ".", ".."})


class Target:
    """A path template with `{names}`, and the names that go into the query."""

    def __init__(self, template: str, query: Sequence[str]) -> None:
        texts_and_names = _NAME.split(template)
        self._texts = texts_and_names[::2]
        self._names = texts_and_names[1::2]
        self._query = tuple(query)

    def fill(self, given: Mapping[str, Any]) -> str:
        """Return path and query; `None` is left out of the query, a list is joined by commas.

        Raises `NotFound` for a segment that would change the path: empty, `.` or `..`.
        """
        path = self._texts[0]
        for name, text in zip(self._names, self._texts[1:], strict=True):
            path += _segment(given[name]) + text
        # By hand, because `urlencode` costs as much as the rest of a call's Python.
        pairs = [f"{name}={_text(given[name])}" for name in self._query if given[name] is not None]
        return f"{path}?{'&'.join(pairs)}" if pairs else path


def _segment(value: object) -> str:
    if value in _LEAVES:
        raise NotFound("There is nothing with this identifier.")
    return quote(str(value), safe="")


def _text(value: object) -> str:
    match value:
        case str():
            return quote(value, safe="")
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case list() | tuple() | set() | frozenset():
            return quote(",".join(map(str, value)), safe="")
        case _:
            return quote(str(value), safe="")
