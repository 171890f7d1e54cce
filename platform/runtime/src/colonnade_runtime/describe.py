"""The declared calls of a BFF as JSON, for tools: `python -m colonnade_runtime.describe mobile_bff`.

The package is imported and nothing is started. Types are JSON Schemas: `sent` what is sent, `read` what is
read of the answer.
"""

import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType, NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
from colonnade_runtime.app import App
from colonnade_runtime.endpoint import Endpoint
from colonnade_runtime.formats import say_formats
from colonnade_runtime.headers import OURS
from colonnade_runtime.signature import Parameter, Place

REF = "#/components/{name}"
JOINED = (list, tuple, set, frozenset)
Schema = dict[str, Any]


class DescribedParameter(msgspec.Struct, frozen=True):
    """One parameter; `place` is `path`, `query`, `header` or `body`, and `name` that of the header."""

    name: str
    place: str
    sent: Schema


class DescribedCall(msgspec.Struct, frozen=True):
    """One declared call, and where it is written."""

    module: str
    name: str
    file: str
    line: int
    service: str
    method: str
    path: str
    parameters: tuple[DescribedParameter, ...]
    read: Schema


class Description(msgspec.Struct, frozen=True):
    """All declared calls of a package; `components` are the schemas that others refer to.

    `services` are those that its application names, null where it has none that imports find; `headers` go
    with every call, in lower case.
    """

    services: tuple[str, ...] | None
    headers: tuple[str, ...]
    calls: tuple[DescribedCall, ...]
    components: dict[str, Schema]


def describe(package: str) -> Description:
    """Import `package` with all its modules, and return its declared calls."""
    modules = list(_modules(package))
    found = [(module.__name__, call) for module in modules for call in _declared(module)]
    kinds = [kind for _, call in found for kind in (*map(_sent, call.parameters), call.returns)]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=REF)
    say_formats(kinds, schemas, components)
    left = iter(schemas)
    calls = tuple(_call(name, call, left) for name, call in found)
    return Description(_services(modules), tuple(sorted(OURS)), calls, components)


def _services(modules: Sequence[ModuleType]) -> tuple[str, ...] | None:
    apps = [value for module in modules for value in vars(module).values() if isinstance(value, App)]
    return tuple(sorted({name for app in apps for name in app.services})) if apps else None


def _modules(package: str) -> Iterator[ModuleType]:
    top = import_module(package)
    yield top
    for info in walk_packages(top.__path__, f"{package}."):
        if not info.name.endswith("__main__"):
            yield import_module(info.name)


def _declared(module: ModuleType) -> Sequence[Endpoint[..., Any]]:
    found = [value for value in vars(module).values() if isinstance(value, Endpoint)]
    return [call for call in found if str(call.written.file) == module.__file__]


def _sent(parameter: Parameter) -> Any:  # noqa: ANN401 - any annotation
    """The type of a parameter as it travels: a list in a query or a header is text, joined by commas."""
    arms = list(_arms(parameter.kind))
    joined = any((get_origin(one) or one) in JOINED for one in arms)
    if not joined or parameter.place not in {Place.QUERY, Place.HEADER}:
        return parameter.kind
    return str | None if NoneType in arms else str


def _arms(kind: Any) -> Iterator[Any]:  # noqa: ANN401 - any annotation
    """Yield what a value may be: the parts of a union, without what is said of them."""
    bare = kind.__origin__ if hasattr(kind, "__metadata__") else kind
    if get_origin(bare) not in {Union, UnionType}:
        yield bare
        return
    for one in get_args(bare):
        yield from _arms(one)


def _call(module: str, call: Endpoint[..., Any], schemas: Iterator[Schema]) -> DescribedCall:
    return DescribedCall(
        module=module,
        name=call.name,
        file=str(call.written.file),
        line=call.written.line,
        service=call.service,
        method=call.method,
        path=call.template,
        parameters=tuple(
            DescribedParameter(one.header or one.name, one.place, next(schemas)) for one in call.parameters
        ),
        read=next(schemas),
    )


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(describe(sys.argv[1])))
