"""A document as a typed model, or every problem it has, in words a person can act on."""

import json
from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from colonnade.errors import ManifestError, Problem, nearest
from colonnade.manifest.model import FORMS
from colonnade.manifest.positions import Document, Location

M = TypeVar("M", bound=BaseModel)

_WORDS = {
    "missing": "the key is required",
    "string_type": "expected text",
    "int_type": "expected a whole number",
    "bool_type": "expected true or false",
    "tuple_type": "expected a list",
    "dict_type": "expected a mapping of keys to values",
    "model_type": "expected a mapping of keys to values",
    "too_short": "must not be empty",
}


def validate(document: Document, model: type[M]) -> M:
    """Return `document` as `model`. Raises `ManifestError` with all its problems."""
    try:
        return model.model_validate_json(json.dumps(document.data))
    except ValidationError as error:
        details = _without_echoes(error.errors(include_url=False))
        raise ManifestError(_unique(_problem(document, model, detail) for detail in details)) from None


def _without_echoes(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without lists that are called empty because nothing in them is right."""

    def echoes(one: ErrorDetails) -> bool:
        at = one["loc"]
        return one["type"] == "too_short" and any(
            len(other["loc"]) > len(at) and other["loc"][: len(at)] == at for other in details
        )

    return [one for one in details if not echoes(one)]


def _unique(problems: Iterable[Problem]) -> list[Problem]:
    """One problem a place: the arms of a union each complain of the same value."""
    return list({(p.line, p.column, p.key): p for p in reversed(list(problems))}.values())


def _problem(document: Document, model: type[BaseModel], detail: ErrorDetails) -> Problem:
    location = _existing(document, detail)
    if detail["type"] == "extra_forbidden":
        known = _keys(model, location[:-1])
        return document.problem(location, "unknown key", nearest(str(location[-1]), known))
    if detail["type"] in {"literal_error", "enum"}:
        expected = str(detail.get("ctx", {})["expected"])
        choices = [choice.strip("'") for choice in expected.replace(" or ", ", ").split(", ")]
        hint = nearest(str(detail["input"]), choices)
        return document.problem(location, f"{detail['input']!r} is not one of {', '.join(choices)}", hint)
    return document.problem(location, _words(detail))


def _words(detail: ErrorDetails) -> str:
    if detail["type"] == "string_pattern_mismatch":
        return f"{detail['input']!r} is not {FORMS[detail.get('ctx', {})['pattern']]}"
    return _WORDS.get(detail["type"], detail["msg"][:1].lower() + detail["msg"][1:])


def _existing(document: Document, detail: ErrorDetails) -> Location:
    """The location without the names that pydantic adds for the arms of a union."""
    location = detail["loc"]
    kept: Location = ()
    for part in location:
        if (*kept, part) in document.positions:
            kept = (*kept, part)
    last = location[-1:] if detail["type"] == "missing" else ()
    return (*kept, *last)


def _keys(model: type[BaseModel], location: Location) -> list[str]:
    """The keys that the mapping at `location` may have, found in the model's JSON Schema."""
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    nodes = [schema]
    for part in location:
        nodes = [step for node in nodes for step in _step(_open(node, definitions), part)]
    return sorted(
        {key for node in nodes for one in _open(node, definitions) for key in one.get("properties", {})}
    )


def _open(
    node: dict[str, object], definitions: dict[str, dict[str, object]]
) -> list[dict[str, dict[str, object]]]:
    """`node` itself, or what it refers to, or its alternatives."""
    if "$ref" in node:
        return _open(definitions[str(node["$ref"]).rpartition("/")[2]], definitions)
    arms = node.get("anyOf")
    if isinstance(arms, list):
        return [opened for arm in arms for opened in _open(arm, definitions)]
    return [node]  # type: ignore[list-item]


def _step(nodes: list[dict[str, dict[str, object]]], part: str | int) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for node in nodes:
        if isinstance(part, int):
            child: object = node.get("items")
        else:
            child = node.get("properties", {}).get(part) or node.get("additionalProperties")
        if isinstance(child, dict):
            found.append(child)
    return found
