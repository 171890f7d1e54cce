"""Paths as they are written in code: those of views, and those of calls to services."""

import re

_WRITTEN = re.compile(r"(?:/(?:[^{}/?#\s]|\{[^\W\d]\w*\})*)+")
_NAME = re.compile(r"\{(\w+)\}")


def names_in(path: str) -> list[str]:
    """Return the names in the braces of a path. Raises `ValueError` for one that no request has."""
    names = _NAME.findall(path)
    if not _WRITTEN.fullmatch(path) or len(set(names)) < len(names):
        raise ValueError(f"{path!r} is no path; write one such as /orders/{{order_id}}, each name once")
    return names
