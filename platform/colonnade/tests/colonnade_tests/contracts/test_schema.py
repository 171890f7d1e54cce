"""Two schemas held against each other."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade.contracts.schema import Comparison, Mismatch, Type

READING, SENDING = Comparison(by_service=True), Comparison(by_service=False)

TEXT, WHOLE, NUMBER, NULL = ({"type": kind} for kind in ("string", "integer", "number", "null"))

TIME = {"type": "string", "format": "date-time"}


def obj(fields: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in fields if name not in optional]
    return {"type": "object", "properties": fields, "required": required}


def found(comparison: Comparison, written: dict[str, Any], read: dict[str, Any]) -> list[Mismatch]:
    return list(comparison.mismatches(Type(written, written), Type(read, read)))


READ = {
    "a field that is not there": (
        obj({"name": TEXT}),
        obj({"nmae": TEXT}),
        Mismatch("nmae", "the service has no such field", "did you mean 'name'?"),
    ),
    "a field that may be left out": (
        obj({"name": TEXT}, optional=("name",)),
        obj({"name": TEXT}),
        Mismatch("name", "the service may leave it out", "give the field a default"),
    ),
    "a field that may be null": (
        obj({"name": {"anyOf": [TEXT, NULL]}}),
        obj({"name": TEXT}),
        Mismatch("name", "may be null"),
    ),
    "another type": (
        obj({"points": TEXT}),
        obj({"points": WHOLE}),
        Mismatch("points", "the service says string, we read integer"),
    ),
    "a fraction where a whole number is expected": (
        NUMBER,
        WHOLE,
        Mismatch("", "the service says number, we read integer"),
    ),
    "deep in a list": (
        obj({"items": {"type": "array", "items": obj({"total": obj({"amount": TEXT})})}}),
        obj({"items": {"type": "array", "items": obj({"total": obj({"sum": TEXT})})}}),
        Mismatch("items[].total.sum", "the service has no such field", "valid here: amount"),
    ),
    "any text where a time is expected": (
        obj({"at": TEXT}),
        obj({"at": {"anyOf": [TIME, NULL]}}),
        Mismatch(
            "at",
            "the service says any string, we read date-time",
            "have the service say `format: date-time`, or read a str",
        ),
    ),
    "a day where a time is expected": (
        {"type": "string", "format": "date"},
        TIME,
        Mismatch(
            "",
            "the service says date, we read date-time",
            "have the service say `format: date-time`, or read a str",
        ),
    ),
    "a value that is not expected": (
        {"enum": ["paid", "lost"]},
        {"enum": ["paid"]},
        Mismatch("", "may be lost, which is not expected"),
    ),
    "any text where some are expected": (
        TEXT,
        {"enum": ["paid"]},
        Mismatch("", "may be any string, and only some are expected"),
    ),
    "a map of other values": (
        {"type": "object", "additionalProperties": TEXT},
        {"type": "object", "additionalProperties": WHOLE},
        Mismatch(".*", "the service says string, we read integer"),
    ),
}

SENT = {
    "a field that the service needs": (
        obj({"id": TEXT}),
        obj({"id": TEXT, "name": TEXT}),
        Mismatch("name", "the service needs it"),
    ),
    "a field that the service does not know": (
        obj({"id": TEXT, "nmae": TEXT}),
        obj({"id": TEXT, "name": TEXT}, optional=("name",)),
        Mismatch("nmae", "the service does not know it", "did you mean 'name'?"),
    ),
    "another type": (TEXT, WHOLE, Mismatch("", "we send string, the service takes integer")),
}

FINE = {
    "a field that nobody reads": (obj({"a": TEXT, "b": TEXT}), obj({"a": TEXT})),
    "a field with a default that may be left out": (
        obj({"a": TEXT}, optional=("a",)),
        obj({"a": TEXT}, optional=("a",)),
    ),
    "whole numbers are numbers": (WHOLE, NUMBER),
    "anything will do": (obj({"a": TEXT}), {}),
    "null is expected": (NULL, {"anyOf": [TEXT, NULL]}),
    "a type may be a list of types": ({"type": ["string", "null"]}, {"anyOf": [NULL, TEXT]}),
    "named fields into a map": (
        obj({"low": NUMBER, "high": NUMBER}),
        {"type": "object", "additionalProperties": NUMBER},
    ),
}


@pytest.mark.parametrize("case", READ)
def test_what_is_read_and_not_given_is_told(case: str) -> None:
    written, read, expected = READ[case]

    assert [expected] == found(READING, written, read)


@pytest.mark.parametrize("case", SENT)
def test_what_is_sent_and_not_taken_is_told(case: str) -> None:
    written, read, expected = SENT[case]

    assert [expected] == found(SENDING, written, read)


@pytest.mark.parametrize("case", FINE)
def test_what_can_be_read_is_not_complained_of(case: str) -> None:
    assert found(READING, *FINE[case]) == []


def test_references_are_followed_and_may_lead_back() -> None:
    tree = {
        "$ref": "#/components/schemas/Tree",
        "components": {
            "schemas": {
                "Tree": obj(
                    {"name": TEXT, "trees": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}
                )
            }
        },
    }
    flat = obj({"name": WHOLE, "trees": {"type": "array", "items": obj({"name": TEXT})}})

    assert found(READING, tree, tree) == []
    assert ["name"] == [one.where for one in found(READING, tree, flat)]


scalars = st.sampled_from([TEXT, WHOLE, NUMBER, NULL, {"type": "boolean"}, {"enum": ["a", "b"]}])
names = st.sampled_from(["id", "name", "total", "items"])


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = st.dictionaries(names, inner, max_size=4)
    return st.builds(lambda given, left: obj(given, optional=tuple(left)), fields, st.sets(names))


schemas = st.recursive(
    scalars,
    lambda inner: st.one_of(
        objects(inner),
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(lambda arms: {"anyOf": arms}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=12,
)


@given(schemas)
def test_what_is_written_can_be_read_by_the_same(schema: dict[str, Any]) -> None:
    assert found(READING, schema, schema) == []
    assert found(SENDING, schema, schema) == []


@given(objects(schemas), schemas)
def test_a_field_given_up_is_missed_by_who_read_it(schema: dict[str, Any], lost: dict[str, Any]) -> None:
    read = {**schema, "properties": {**schema["properties"], "lost": lost}}

    assert [Mismatch("lost", "the service has no such field")] == [
        Mismatch(one.where, one.message) for one in found(READING, schema, read)
    ]
