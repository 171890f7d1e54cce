"""Says in JSON Schemas that a text is a time, which msgspec does only where a zone is asked for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import inspect

Schema = dict[str, Any]
Typed = tuple[inspect.Type, Schema]


def say_formats(kinds: Sequence[Any], schemas: Sequence[Schema], components: Mapping[str, Schema]) -> None:
    """Add the formats of the times in `kinds` to their `schemas`, and to the `components` of these."""
    left = list(zip(inspect.multi_type_info(kinds), schemas, strict=True))
    seen: set[int] = set()
    while left:
        kind, schema = _bare(*left.pop(), components)
        if id(schema) not in seen:
            seen.add(id(schema))
            left += _within(kind, schema, components)


def _bare(kind: inspect.Type, schema: Schema, components: Mapping[str, Schema]) -> Typed:
    """Return a type without what is said about it, and the schema that a reference leads to."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    return kind, components[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _within(kind: inspect.Type, schema: Schema, components: Mapping[str, Schema]) -> Iterator[Typed]:
    """Say the format of one type; yield the types within it, with their schemas."""
    match kind:
        case inspect.DateTimeType(tz=None):
            schema["format"] = "date-time"
        case inspect.TimeType(tz=None):
            schema["format"] = "time"
        case inspect.CollectionType(item_type=item) if "items" in schema:
            yield item, schema["items"]
        case inspect.DictType(value_type=value) if "additionalProperties" in schema:
            yield value, schema["additionalProperties"]
        case inspect.StructType() | inspect.TypedDictType() | inspect.DataclassType():
            fields = schema.get("properties", {})  # none where it is written as a list
            yield from ((one.type, fields[one.encode_name]) for one in kind.fields if fields)
        case inspect.UnionType(types=types):
            arms = [arm for one in schema["anyOf"] for arm in one.get("anyOf", [one])]
            pairs = [_bare(one, arm, components) for one in types for arm in arms]
            yield from (pair for pair in pairs if _belong(*pair))


def _belong(kind: inspect.Type, arm: Schema) -> bool:
    """Whether an arm of a union is that of `kind`: it has one at most of texts, of lists and of maps."""
    match kind:
        case inspect.DateTimeType() | inspect.TimeType():
            return arm.get("type") == "string"
        case inspect.CollectionType():
            return arm.get("type") == "array"
        case inspect.DictType():
            return arm.get("type") == "object"
        case inspect.StructType() | inspect.TypedDictType() | inspect.DataclassType():
            name: str = getattr(kind.cls, "__origin__", kind.cls).__name__
            fields = {one.encode_name for one in kind.fields}
            same: bool = name == arm.get("title", "").partition("[")[0]
            return same and fields <= arm.get("properties", {}).keys()
    return False
