"""YAML as plain data, with the line and column of every key."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from colonnade.errors import ManifestError, Problem

Location = tuple[str | int, ...]
"""The way to a node: keys and indexes, as pydantic names them."""


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file: its data, and where each node stands (line and column from 1)."""

    file: Path
    data: dict[str, Any]
    positions: dict[Location, tuple[int, int]] = field(repr=False)
    base: Location = ()

    def position(self, location: Location) -> tuple[int, int]:
        """Return where the node at `location` below `base` stands, or its nearest ancestor that exists."""
        location = self.base + location
        while location not in self.positions and location:
            location = location[:-1]
        return self.positions.get(location, (1, 1))

    def problem(self, location: Location, message: str, hint: str = "") -> Problem:
        """Return a problem with the node at `location`."""
        line, column = self.position(location)
        return Problem(self.file, line, column, dotted(self.base + location), message, hint)

    def below(self, base: Location) -> "Document":
        """Return the document as who knows only what stands at `base` names its nodes."""
        return replace(self, base=self.base + base)


def dotted(location: Location) -> str:
    """Return `limits[0].rate` for `("limits", 0, "rate")`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")


class _Loader(yaml.CSafeLoader):
    """YAML's JSON subset: no dates, no octal surprises, no `yes` for true."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML reads this class attribute
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


class _Reader:
    """Walks the nodes once, building data and positions together."""

    def __init__(self, file: Path, loader: _Loader) -> None:
        self.file = file
        self.loader = loader
        self.positions: dict[Location, tuple[int, int]] = {}
        self.problems: list[Problem] = []

    def read(self, node: yaml.Node, at: Location) -> Any:  # noqa: ANN401 - YAML holds anything
        self.positions.setdefault(at, _position(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, at)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(child, (*at, index)) for index, child in enumerate(node.value)]
        return self.loader.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, at: Location) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            location = (*at, key)
            if key in data:
                line, column = _position(key_node)
                self.problems.append(
                    Problem(self.file, line, column, dotted(location), "the key is given twice", "keep one")
                )
            self.positions[location] = _position(key_node)
            data[key] = self.read(value_node, location)
        return data


def _position(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def read_document(file: Path) -> Document:
    """Return the YAML mapping in `file`.

    Raises `ManifestError` where the file cannot be read, is no YAML, repeats a key or is no mapping.
    """
    try:
        loader = _Loader(file.read_text(encoding="utf-8"))
        node = loader.get_single_node()
    except OSError as error:
        raise ManifestError([Problem(file, 1, 1, "", f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ManifestError(
            [Problem(file, line, 1, "", "is not text in UTF-8", "save it as such")]
        ) from error
    except yaml.YAMLError as error:
        raise ManifestError([_syntax_problem(file, error)]) from error
    if not isinstance(node, yaml.MappingNode):
        raise ManifestError([Problem(file, 1, 1, "", "is not a mapping of keys to values")])
    reader = _Reader(file, loader)
    data = reader.read(node, ())
    if reader.problems:
        raise ManifestError(reader.problems)
    return Document(file, data, reader.positions)


def _syntax_problem(file: Path, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    text = getattr(error, "problem", None) or str(error)
    return Problem(file, line, column, "", f"is not valid YAML: {text}", "check indentation and quotes")
