"""A service's OpenAPI 3 document, as far as calls are held against it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from colonnade.contracts.schema import Schema, Type
from colonnade.errors import UserError

JSON = "application/json"
HEADER = "header"
PLACES = frozenset({"path", "query", HEADER})
_PARAMETER = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in path, query or header; names of headers are in small letters."""

    name: str
    place: str
    required: bool
    type: Type


@dataclass(frozen=True, slots=True)
class Operation:
    """What a service answers to one method on one path; None where it has no JSON body."""

    parameters: tuple[Parameter, ...]
    takes: Type | None
    gives: Type | None


@dataclass(frozen=True, slots=True)
class Contract:
    """The operations of a service, by method and by path, whose parameters have no names.

    `secrets` are headers that any operation may take, because they say who asks.
    """

    file: Path
    document: Mapping[str, Any]
    operations: Mapping[tuple[str, str], Operation]
    secrets: frozenset[str]

    def find(self, method: str, path: str) -> Operation | None:
        """Return the operation for a method on a path template, whatever its parameters are called."""
        return self.operations.get((method, nameless(path)))

    @property
    def paths(self) -> Mapping[str, Any]:
        """The paths as they are written."""
        paths: Mapping[str, Any] = self.document["paths"]
        return paths


def nameless(path: str) -> str:
    """Return a path template without the names of its parameters."""
    return _PARAMETER.sub("{}", path)


def read_contract(file: Path) -> Contract:
    """Return the document in `file`, JSON or YAML. Raises `UserError` where it is none."""
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{file}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{file}: cannot be read: {error}") from error
    return contract_of(file, document)


def contract_of(file: Path, document: Any) -> Contract:  # noqa: ANN401 - as it was parsed
    """Return the contract in a parsed document. Raises `UserError` where it is none."""
    version = document.get("openapi") if isinstance(document, dict) else None
    if not str(version).startswith("3."):
        raise UserError(f"{file}: is no OpenAPI 3 document", "the service's framework can print it")
    try:
        return Contract(file, document, dict(_operations(document)), frozenset(_secrets(document)))
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{file}: is malformed: {error!r}") from error


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Operation]]:
    for path, methods in document["paths"].items():
        for method, written in methods.items():
            if isinstance(written, Mapping) and "responses" in written:
                shared = methods.get("parameters", [])
                yield (method.upper(), nameless(path)), _operation(written, shared, document)


def _operation(written: Mapping[str, Any], shared: list[Any], document: Mapping[str, Any]) -> Operation:
    found = [Type(one, document).resolved.schema for one in (*shared, *written.get("parameters", ()))]
    parameters = tuple(_parameter(one, document) for one in found if one["in"] in PLACES)
    answers: Mapping[str, Schema] = written["responses"]
    good = [answer for status, answer in answers.items() if str(status).startswith("2")]
    return Operation(
        parameters,
        _json(written.get("requestBody", {}), document),
        _json(good[0], document) if good else None,
    )


def _parameter(written: Schema, document: Mapping[str, Any]) -> Parameter:
    name = written["name"].lower() if written["in"] == HEADER else written["name"]
    schema = Type(written.get("schema", {}), document)
    return Parameter(name, written["in"], bool(written.get("required")), schema)


def _secrets(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the headers by which a client shows who it is; they are no parameters (OpenAPI 3.1 §4.8.12)."""
    for one in document.get("components", {}).get("securitySchemes", {}).values():
        scheme = Type(one, document).resolved.schema
        if scheme.get("in") == HEADER:
            yield scheme["name"].lower()
        elif scheme.get("type") != "apiKey":
            yield "authorization"


def _json(body: Schema, document: Mapping[str, Any]) -> Type | None:
    content = Type(body, document).resolved.schema.get("content", {}).get(JSON, {})
    return Type(content["schema"], document) if "schema" in content else None
