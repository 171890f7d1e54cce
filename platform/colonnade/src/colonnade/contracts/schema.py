"""Whether one side can read what the other writes: two JSON Schemas, held against each other.

Only what a type checker would look at is compared: which fields there are, whether they may be missing or
null, and their types, with the format of texts that are read as times or UUIDs. Bounds of numbers and lengths
of texts are left to those who validate.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from colonnade.errors import nearest

Schema = Mapping[str, Any]
FORMATS = frozenset({"date", "date-time", "duration", "time", "uuid"})
"""What a text has to look like for whoever reads it as a value of that type."""
UNIONS = ("allOf", "anyOf", "oneOf")


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One difference; `where` is a dotted path such as `items[].price.amount`."""

    where: str
    message: str
    hint: str = ""


@dataclass(frozen=True)
class Type:
    """A schema, and the document that its references lead into."""

    schema: Schema
    document: Mapping[str, Any]

    def of(self, schema: Schema) -> "Type":
        """Return another schema of the same document."""
        return Type(schema, self.document)

    @cached_property
    def resolved(self) -> "Type":
        """What a reference leads to, or the type itself; a union of one is that one."""
        found: Any = self.schema
        while True:
            only = next((found[union][0] for union in UNIONS if len(found.get(union, ())) == 1), None)
            if "$ref" in found:
                only = self._follow(found["$ref"])
            if only is None:
                return self.of(found)
            found = only

    @cached_property
    def alternatives(self) -> Sequence["Type"]:
        """The types of which it is one; itself alone where it is no union."""
        for union in ("anyOf", "oneOf"):
            if union in self.schema:
                return [one for arm in self.schema[union] for one in self.of(arm).resolved.alternatives]
        if isinstance(self.schema.get("type"), list):
            return [self.of({**self.schema, "type": kind}) for kind in self.schema["type"]]
        return [self]

    @cached_property
    def kind(self) -> str:
        """JSON's word for the type; empty where anything is allowed."""
        if "type" in self.schema:
            return str(self.schema["type"])
        if self.values:
            return {str: "string", bool: "boolean", int: "integer", float: "number"}.get(
                type(self.values[0]), "null"
            )
        return "object" if "properties" in self.schema else ""

    @cached_property
    def values(self) -> Sequence[Any]:
        """The only values allowed; empty where others are."""
        if "const" in self.schema:
            return [self.schema["const"]]
        values: Sequence[Any] = self.schema.get("enum", ())
        return values

    @cached_property
    def fields(self) -> Mapping[str, Schema]:
        """The fields of an object."""
        fields: Mapping[str, Schema] = self.schema.get("properties", {})
        return fields

    @cached_property
    def required(self) -> frozenset[str]:
        """The fields that are never missing."""
        return frozenset(self.schema.get("required", ()))

    @cached_property
    def others(self) -> Schema | None:
        """The schema of fields that have no name here; None where none is given."""
        others = self.schema.get("additionalProperties")
        return others if isinstance(others, Mapping) else None

    def _follow(self, reference: str) -> Schema:
        found: Any = self.document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        schema: Schema = found
        return schema


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is said of differences. `by_service`: the service writes, and the BFF reads; else it is sent."""

    by_service: bool

    def mismatches(self, written: Type, read: Type, where: str = "") -> Iterator[Mismatch]:
        """Yield why what is `written` cannot be `read`."""
        yield from self._compare(written, read, where, ())

    def _compare(
        self, written: Type, read: Type, where: str, above: tuple[tuple[int, int], ...]
    ) -> Iterator[Mismatch]:
        written, read = written.resolved, read.resolved
        pair = (id(written.schema), id(read.schema))
        if pair in above:  # a type that contains itself
            return
        above = (*above, pair)
        if len(written.alternatives) > 1:
            for one in written.alternatives:
                yield from self._compare(one, read, where, above)
            return
        if len(read.alternatives) > 1:
            tried = [list(self._compare(written, one, where, above)) for one in read.alternatives]
            # Of a union that takes none, the arm that comes nearest is told.
            yield from min(tried, key=lambda found: (len(found), found[:1] and found[0].where == where))
            return
        yield from self._one(written, read, where, above)

    def _one(
        self, written: Type, read: Type, where: str, above: tuple[tuple[int, int], ...]
    ) -> Iterator[Mismatch]:
        if not read.kind:
            return
        if written.kind != read.kind and (written.kind, read.kind) != ("integer", "number"):
            yield Mismatch(where, self._other_kind(written.kind, read.kind))
        elif read.kind == "object":
            yield from self._fields(written, read, where, above)
        elif read.kind == "array":
            items = written.of(written.schema.get("items", {})), read.of(read.schema.get("items", {}))
            yield from self._compare(*items, f"{where}[]", above)
        elif read.values:
            yield from _values(written, read, where)
        elif self.by_service and read.kind == "string":
            yield from _format(written, read, where)

    def _other_kind(self, written: str, read: str) -> str:
        if written == "null":
            return "may be null"
        told = ("the service says", "we read") if self.by_service else ("we send", "the service takes")
        return f"{told[0]} {written or 'anything'}, {told[1]} {read}"

    def _fields(
        self, written: Type, read: Type, where: str, above: tuple[tuple[int, int], ...]
    ) -> Iterator[Mismatch]:
        for name, wanted in read.fields.items():
            at = f"{where}.{name}".lstrip(".")
            offered = written.fields.get(name, written.others)
            if offered is None:
                yield from self._missing(name, at, written, read)
                continue
            if self.by_service and name in read.required and name not in written.required:
                yield Mismatch(at, "the service may leave it out", "give the field a default")
            yield from self._compare(written.of(offered), read.of(wanted), at, above)
        yield from self._others(written, read, where, above)

    def _others(
        self, written: Type, read: Type, where: str, above: tuple[tuple[int, int], ...]
    ) -> Iterator[Mismatch]:
        """What is written without being asked for by name."""
        others = read.others
        for name in written.fields.keys() - read.fields.keys():
            at = f"{where}.{name}".lstrip(".")
            if others is not None:
                yield from self._compare(written.of(written.fields[name]), read.of(others), at, above)
            elif not self.by_service:
                yield Mismatch(at, "the service does not know it", nearest(name, read.fields))
        if others is not None and written.others is not None:
            yield from self._compare(written.of(written.others), read.of(others), f"{where}.*", above)

    def _missing(self, name: str, at: str, written: Type, read: Type) -> Iterator[Mismatch]:
        if self.by_service:
            yield Mismatch(at, "the service has no such field", nearest(name, written.fields))
        elif name in read.required:
            yield Mismatch(at, "the service needs it")


def _format(written: Type, read: Type, where: str) -> Iterator[Mismatch]:
    """What is sent may be any text: a service tells a client that it will not do, and nothing breaks."""
    wanted, given = read.schema.get("format"), written.schema.get("format")
    if wanted in FORMATS and given != wanted and not written.values:
        hint = f"have the service say `format: {wanted}`, or read a str"
        yield Mismatch(where, f"the service says {given or 'any string'}, we read {wanted}", hint)


def _values(written: Type, read: Type, where: str) -> Iterator[Mismatch]:
    if not written.values:
        yield Mismatch(where, f"may be any {written.kind}, and only some are expected")
        return
    strange = [str(value) for value in written.values if value not in read.values]
    if strange:
        yield Mismatch(where, f"may be {', '.join(strange)}, which is not expected")
