"""The target of a call: path and query, filled so that a value never leaves its place."""

import re
from collections.abc import Container, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from colonnade_runtime.errors import NotFound

_NAME = re.compile(r"\{(\w+)\}")
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch
SEVERAL = (list, tuple, set, frozenset)
"""What is joined by commas."""
_LEAVES = frozenset({"", ".", ".."})


class Target:
    """A path template with `{names}`; of the parameters' `names`, those in `query` go into the query."""

    def __init__(self, template: str, names: Sequence[str], query: Container[str]) -> None:
        texts_and_names = _NAME.split(template)
        self._first = texts_and_names[0]
        self._path = [
            (names.index(name), text)
            for name, text in zip(texts_and_names[1::2], texts_and_names[2::2], strict=True)
        ]
        self._query = [(index, f"{name}=") for index, name in enumerate(names) if name in query]

    def fill(self, values: Sequence[Any]) -> str:
        """Return path and query of the parameters' values, which stand in the order of their names.

        `None` is left out of the query, a list is joined by commas.

        Raises `NotFound` for a segment that would change the path: empty, `.` or `..`.
        """
        path = self._first
        for index, text in self._path:
            path += _segment(values[index]) + text
        # By hand, because `urlencode` costs as much as the rest of a call's Python.
        mark = "?"
        for index, name in self._query:
            value = values[index]
            if value is not None:
                path += mark + name + (str(value) if type(value) is int else _text(value))
                mark = "&"
        return path


def _segment(value: object) -> str:
    text = _text(value)
    if text in _LEAVES:
        raise NotFound("There is nothing with this identifier.")
    return text


def _text(value: object) -> str:
    """Return a value so that it stays in its place."""
    if type(value) is str:
        return _quoted(value)
    if isinstance(value, SEVERAL):
        return "%2C".join([_text(one) for one in value])
    return _quoted(text_of(value))


def text_of(value: object) -> str:
    """Return a value as JSON has it (an enum's value, a time by RFC 3339), without quotation marks."""
    told = msgspec.to_builtins(value)
    if isinstance(told, bool):
        return "true" if told else "false"
    return str(told)


def _quoted(text: str) -> str:
    return text if _PLAIN(text) else quote(text, safe="")
