"""Compiles what an operation asks of each type into functions that make the answer."""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from colonnade_runtime.operations.frame import Frame, Key
from colonnade_runtime.operations.resolvers import Resolve, resolver
from colonnade_runtime.operations.run import Complete, Run, Spot, is_awaitable
from colonnade_runtime.operations.selections import Document
from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    SelectionSetNode,
    is_leaf_type,
)

TYPENAME = "__typename"
TEXT = frozenset({"String", "ID"})
MAX_DEPTH = 100
"""Deeper than any query that is let in; a guard against a fragment that contains itself."""


class Unsupported(Exception):  # noqa: N818 - no mistake: the stock executor does it
    """The operation asks for something that plans do not cover."""


class FieldPlan:
    """One field of an object: the name it has in the answer, how it is read, and what is made of it."""

    __slots__ = ("complete", "key", "nodes", "nullable", "resolve")

    def __init__(
        self, key: str, nodes: Sequence[FieldNode], resolve: Resolve, complete: Complete, *, nullable: bool
    ) -> None:
        self.key = key
        self.nodes = nodes
        self.resolve = resolve
        self.complete = complete
        self.nullable = nullable


class Compiler:
    """Compiles one document."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def fields(
        self, kind: GraphQLObjectType, sets: Sequence[SelectionSetNode], depth: int = 0
    ) -> tuple[FieldPlan, ...]:
        """Return the plan of an object of type `kind`. Raises `Unsupported`."""
        if depth > MAX_DEPTH:
            raise Unsupported("too deep")
        asked = self._document.fields(kind, sets)
        return tuple(self._field(kind, key, nodes, depth) for key, nodes in asked.items())

    def _field(self, kind: GraphQLObjectType, key: str, nodes: list[FieldNode], depth: int) -> FieldPlan:
        name = nodes[0].name.value
        if name == TYPENAME:
            text = kind.name
            return FieldPlan(key, nodes, lambda _run, _source, _frame: text, _put, nullable=False)
        field: GraphQLField | None = kind.fields.get(name)
        if field is None:
            raise Unsupported(f"introspection: {name}")
        sets = [node.selection_set for node in nodes if node.selection_set is not None]
        complete = self._completion(field.type, nodes, sets, depth, f"{kind.name}.{name}")
        resolve = resolver(kind, field, nodes, key, self._document)
        return FieldPlan(key, nodes, resolve, complete, nullable=not isinstance(field.type, GraphQLNonNull))

    def _completion(
        self,
        kind: GraphQLOutputType,
        nodes: Sequence[FieldNode],
        sets: Sequence[SelectionSetNode],
        depth: int,
        where: str,
    ) -> Complete:
        nullable = not isinstance(kind, GraphQLNonNull)
        inner: Any = kind if nullable else kind.of_type  # type: ignore[union-attr]  # a non-null has one
        if isinstance(inner, GraphQLList):
            item = self._completion(inner.of_type, nodes, sets, depth, where)
            of_null = not isinstance(inner.of_type, GraphQLNonNull)
            present = _list(item, nodes, where, items_nullable=of_null, nullable=nullable)
        elif is_leaf_type(inner):
            present = _leaf(inner)
        elif isinstance(inner, GraphQLObjectType) and inner.is_type_of is None:
            present = _object(self.fields(inner, sets, depth + 1), nullable=nullable)
        else:
            raise Unsupported(f"a type that stands for others: {inner}")
        return _or_null(present) if nullable else _never_null(present, where)


def fill(run: Run, fields: Sequence[FieldPlan], source: Any, holder: dict[str, Any], frame: Frame) -> None:  # noqa: ANN401 - the application's object
    """Put the fields of an object into `holder`, which stands at `frame`."""
    for field in fields:
        key = field.key
        try:
            value = field.resolve(run, source, frame)
            if is_awaitable(value):
                run.place(value, Spot(field.complete, field.nodes, field.nullable, holder, key, frame))
            else:
                field.complete(run, value, holder, key, frame)
        except Exception as error:  # noqa: BLE001 - any error is a part of the answer
            run.fail(error, field.nodes, holder, key, frame, nullable=field.nullable)


def _put(_run: Run, value: Any, holder: Any, key: Key, _frame: Frame) -> None:  # noqa: ANN401 - as `Complete`
    holder[key] = value


def _or_null(present: Complete) -> Complete:
    def complete(run: Run, value: Any, holder: Any, key: Key, frame: Frame) -> None:  # noqa: ANN401 - as `Complete`
        if value is None:
            holder[key] = None
        else:
            present(run, value, holder, key, frame)

    return complete


def _never_null(present: Complete, where: str) -> Complete:
    def complete(run: Run, value: Any, holder: Any, key: Key, frame: Frame) -> None:  # noqa: ANN401 - as `Complete`
        if value is None:
            raise TypeError(f"Cannot return null for non-nullable field {where}.")
        present(run, value, holder, key, frame)

    return complete


def leaf(kind: Any, serialize: Callable[[Any], Any], value: Any) -> Any:  # noqa: ANN401 - as `_leaf`
    """Return a value of a scalar or an enum as it is answered.

    Raises `TypeError` for a value of another type: a resolver's mistake, which a `GraphQLError` would tell to
    the client, value and all.
    """
    try:
        told = serialize(value)
    except GraphQLError as error:
        raise TypeError(error.message) from error
    if told is None:
        raise TypeError(f"Expected a value of {kind}, got {value!r}.")
    return told


def _leaf(kind: Any) -> Complete:  # noqa: ANN401 - a scalar or an enum
    serialize: Callable[[Any], Any] = getattr(kind, "coerce_output_value", None) or kind.serialize
    exact: type[Any] = {"Int": int, "Float": float, "Boolean": bool}.get(kind.name, str)
    plain = isinstance(kind, GraphQLScalarType) and kind.name in TEXT | {"Float", "Boolean"}

    def complete(_run: Run, value: Any, holder: Any, key: Key, _frame: Frame) -> None:  # noqa: ANN401 - as `Complete`
        if plain and value.__class__ is exact and (exact is not float or isfinite(value)):
            holder[key] = value
            return
        holder[key] = leaf(kind, serialize, value)

    return complete


def _list(
    item: Complete, nodes: Sequence[FieldNode], where: str, *, items_nullable: bool, nullable: bool
) -> Complete:
    def complete(run: Run, value: Any, holder: Any, key: Key, frame: Frame) -> None:  # noqa: ANN401 - as `Complete`
        if isinstance(value, str | bytes | dict) or not hasattr(value, "__iter__"):
            raise TypeError(f"Expected Iterable, but did not find one for field '{where}'.")
        values = value if isinstance(value, list) else list(value)
        made: list[Any] = [None] * len(values)
        holder[key] = made
        inner = Frame(holder, key, nullable, frame)
        for index, one in enumerate(values):
            try:
                if is_awaitable(one):
                    run.place(one, Spot(item, nodes, items_nullable, made, index, inner))
                else:
                    item(run, one, made, index, inner)
            except Exception as error:  # noqa: BLE001 - any error is a part of the answer
                run.fail(error, nodes, made, index, inner, nullable=items_nullable)

    return complete


def _object(fields: Sequence[FieldPlan], *, nullable: bool) -> Complete:
    def complete(run: Run, value: Any, holder: Any, key: Key, frame: Frame) -> None:  # noqa: ANN401 - as `Complete`
        made: dict[str, Any] = {}
        holder[key] = made
        fill(run, fields, value, made, Frame(holder, key, nullable, frame))

    return complete
