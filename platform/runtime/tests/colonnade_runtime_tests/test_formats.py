"""Times are told apart from other texts in what tools are told of a call."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Any

import msgspec
from colonnade_runtime import Page
from colonnade_runtime.formats import say_formats

TIME = {"type": "string", "format": "date-time"}
NULL = {"type": "null"}


class Step(msgspec.Struct, tag=True):
    at: datetime | None
    of_day: time
    local: Annotated[datetime, msgspec.Meta(tz=False)]
    told: Annotated[datetime, msgspec.Meta(description="when")]


class Note(msgspec.Struct, tag=True):
    at: str
    about: Step | Note | None = None
    when: dict[str, datetime] | int | None = None


Schemas = tuple[Any, ...]


def schemas_of(*kinds: object) -> tuple[Schemas, dict[str, Any]]:
    schemas, components = msgspec.json.schema_components(kinds, ref_template="#/components/{name}")
    say_formats(kinds, schemas, components)
    return schemas, components


def test_times_are_told_wherever_they_stand() -> None:
    schemas, components = schemas_of(Page[Note], list[datetime], datetime | None, str, tuple[str, int])
    step, note = components["Step"]["properties"], components["Note"]["properties"]

    assert ({"type": "array", "items": TIME}, {"anyOf": [TIME, NULL]}, {"type": "string"}) == schemas[1:4]
    assert {"anyOf": [TIME, NULL]} == step["at"]
    assert {"type": "string", "format": "time"} == step["of_day"]
    assert {"description": "when", **TIME} == step["told"]
    assert {"type": "object", "additionalProperties": TIME} == note["when"]["anyOf"][0]


def test_other_texts_stay_as_they_are() -> None:
    _, components = schemas_of(Note)

    assert {"type": "string"} == components["Note"]["properties"]["at"]
    assert {"type": "string"} == components["Step"]["properties"]["local"]
