"""Finds the view of a request by its method and path."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import unquote

from colonnade_runtime.errors import MethodNotAllowed, NotFound
from colonnade_runtime.path import names_in

View = TypeVar("View")
_PARAMETER = re.compile(r"\{(\w+)\}")
NO_PARAMETERS: Mapping[str, str] = {}


@dataclass(slots=True)
class Router(Generic[View]):
    """Views by path: plain paths by one look-up, those with `{parameters}` in the order they were added."""

    _plain: dict[str, dict[str, View]] = field(default_factory=dict)
    _patterns: dict[re.Pattern[str], dict[str, View]] = field(default_factory=dict)

    def add(self, method: str, path: str, view: View) -> None:
        """Add a view; `{name}` in the path stands for one segment.

        Raises `ValueError` for a second one, and for a path that no request has.
        """
        if names_in(path):
            views = self._patterns.setdefault(_pattern(path), {})
        else:
            views = self._plain.setdefault(path, {})
        if method in views:
            raise ValueError(f"{method} {path} has a view already")
        views[method] = view

    def __iter__(self) -> Iterator[View]:
        """Yield all views."""
        for views in (*self._plain.values(), *self._patterns.values()):
            yield from views.values()

    def __bool__(self) -> bool:
        """Say whether there are any."""
        return bool(self._plain or self._patterns)

    def find(self, method: str, path: str) -> tuple[View, Mapping[str, str]]:
        """Return the view and the path's parameters. Raises `NotFound` or `MethodNotAllowed`."""
        views, parameters = self._plain.get(path), NO_PARAMETERS
        if views is None:
            views, parameters = self._match(path)
        view = views.get(method) or (views.get("GET") if method == "HEAD" else None)
        if view is None:
            allowed = ", ".join(sorted({*views, *({"HEAD"} if "GET" in views else ())}))
            raise MethodNotAllowed(f"This path takes {allowed}.", allow=allowed)
        return view, parameters

    def _match(self, path: str) -> tuple[dict[str, View], Mapping[str, str]]:
        for pattern, views in self._patterns.items():
            if match := pattern.fullmatch(path):
                return views, {name: unquote(value) for name, value in match.groupdict().items()}
        raise NotFound("There is nothing at this path.")


def _pattern(path: str) -> re.Pattern[str]:
    texts_and_names = _PARAMETER.split(path)
    texts = (re.escape(text) for text in texts_and_names[::2])
    names = (f"(?P<{name}>[^/]+)" for name in texts_and_names[1::2])
    return re.compile("".join(part for pair in zip(texts, [*names, ""], strict=True) for part in pair))
