"""Reads the signature of a declared call, and refuses one that cannot be sent."""

import inspect
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
from colonnade_runtime.headers import Header, refused
from colonnade_runtime.path import names_in

BODY = "body"
WITH_BODY = frozenset({"POST", "PUT"})


class Place(StrEnum):
    """Where in the HTTP request a parameter stands."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    BODY = "body"


class Parameter(msgspec.Struct, frozen=True):
    """A parameter of a declared call; `kind` is its annotation, and `header` the one that it is sent as."""

    name: str
    place: Place
    kind: Any
    required: bool
    default: Any = None
    header: str | None = None


class Written(msgspec.Struct, frozen=True):
    """Where a call is declared: `line` is that of its `def`, or of its first decorator."""

    file: Path
    line: int

    def __str__(self) -> str:
        """As compilers write it."""
        return f"{self.file}:{self.line}"


def written(declaration: Callable[..., Any]) -> Written:
    """Return where a function is written."""
    code = inspect.unwrap(declaration).__code__
    return Written(Path(code.co_filename), code.co_firstlineno)


def returned_by(declaration: Callable[..., Any]) -> Any:  # noqa: ANN401 - any annotation
    """Return the annotation of what a declared call returns. Raises `TypeError` where it has none."""
    hints = get_type_hints(declaration, include_extras=True)
    if "return" not in hints:
        raise _wrong(declaration, "say what it returns")
    return hints["return"]


def parameters_of(declaration: Callable[..., Any], method: str, template: str) -> tuple[Parameter, ...]:
    """Return the parameters in their order. Raises `TypeError` for a signature that cannot be sent."""
    if not inspect.iscoroutinefunction(declaration):
        raise _wrong(declaration, "write `async def`")
    try:
        in_path = set(names_in(template))
    except ValueError as error:
        raise _wrong(declaration, str(error)) from error
    hints = get_type_hints(declaration, include_extras=True)
    given = inspect.signature(declaration).parameters.values()
    found = tuple(_parameter(declaration, one, hints, in_path) for one in given)
    if missing := in_path - {one.name for one in found}:
        raise _wrong(declaration, f"{template} needs the parameter {', '.join(sorted(missing))}")
    headers = [one.header.lower() for one in found if one.header]
    if twice := {name for name in headers if headers.count(name) > 1}:
        raise _wrong(declaration, f"two parameters are the header {', '.join(sorted(twice))}")
    if method not in WITH_BODY and any(one.place is Place.BODY for one in found):
        raise _wrong(declaration, f"a {method} has no body")
    return found


def rests_of(parameters: tuple[Parameter, ...]) -> dict[int, tuple[Any, ...]]:
    """Return the defaults that complete so many arguments, given by position, where that is possible."""
    rests: dict[int, tuple[Any, ...]] = {len(parameters): ()}
    for number in range(len(parameters) - 1, -1, -1):
        if parameters[number].required:
            break
        rests[number] = (parameters[number].default, *rests[number + 1])
    return rests


def _parameter(
    declaration: Callable[..., Any], one: inspect.Parameter, hints: dict[str, Any], in_path: set[str]
) -> Parameter:
    if one.kind not in {one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY}:
        raise _wrong(declaration, f"name each parameter: {one}")
    if one.name not in hints:
        raise _wrong(declaration, f"annotate {one.name}")
    kind = hints[one.name]
    header = _header(declaration, one.name, kind)
    beside = Place.QUERY if header is None else Place.HEADER
    place = Place.PATH if one.name in in_path else Place.BODY if one.name == BODY else beside
    if header is not None and place is not Place.HEADER:
        raise _wrong(declaration, f"{one.name} stands in the {place}, and cannot be a header as well")
    required = one.default is one.empty
    return Parameter(one.name, place, kind, required, None if required else one.default, header)


def _header(declaration: Callable[..., Any], name: str, kind: Any) -> str | None:  # noqa: ANN401 - any annotation
    """Return the header that a parameter is sent as, if any. Raises `TypeError` for one that cannot be."""
    marks = list(_marks(kind))
    if not marks:
        return None
    mark = marks[0]
    if len(marks) > 1 or not isinstance(mark, Header) or mark not in getattr(kind, "__metadata__", ()):
        raise _wrong(
            declaration, f'mark {name} as Annotated[str | None, Header("X-Region")], once and around all'
        )
    if why := refused(mark.name):
        raise _wrong(declaration, why)
    return mark.name


def _marks(kind: Any) -> Iterator[Any]:  # noqa: ANN401 - any annotation
    """Yield the marks of an annotation, wherever in it they stand."""
    for one in getattr(kind, "__metadata__", ()):
        if isinstance(one, Header) or one is Header:
            yield one
    for part in get_args(kind):
        yield from _marks(part)


def _wrong(declaration: Callable[..., Any], what: str) -> TypeError:
    name = getattr(declaration, "__name__", repr(declaration))
    return TypeError(f"{written(declaration)}: {name}: {what}")
