"""How the value of a field is read: as directly as its definition allows."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from colonnade_runtime.operations.frame import Frame
from colonnade_runtime.operations.run import Run, is_awaitable
from colonnade_runtime.operations.selections import Document
from graphql import FieldNode, GraphQLField, GraphQLObjectType, GraphQLResolveInfo
from graphql.execution.values import get_argument_values
from graphql.language import VariableNode, Visitor, visit
from graphql.pyutils import Path
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

REST = (None,) * (len(GraphQLResolveInfo._fields) - 12)
"""What versions of graphql-core add to a resolver's info, which only the stock executor can fill in."""

RawInfo = GraphQLResolveInfo[Any]
Resolve = Callable[[Run, Any, Frame], Any]
"""Returns the value of a field of an object, or an awaitable of it."""


def resolver(
    kind: GraphQLObjectType, field: GraphQLField, nodes: Sequence[FieldNode], key: str, document: Document
) -> Resolve:
    """Return how `field` of an object of type `kind` is read, where it stands at `key`."""
    definition: StrawberryField | None = field.extensions.get("strawberry-definition")
    if definition is None or field.resolve is None:
        return _by_graphql(kind, field, nodes, key, document)
    if _is_attribute(definition, field):
        read = attrgetter(definition.python_name)
        return lambda _run, source, _frame: read(source)
    if _is_plain_method(definition, field):
        return _by_method(kind, field, nodes, key, document, definition)
    return _by_graphql(kind, field, nodes, key, document)


def _is_attribute(definition: StrawberryField, field: GraphQLField) -> bool:
    """An attribute of the object, read as Strawberry reads it unless it was told otherwise."""
    default = getattr(field.resolve, "_is_default", False)
    return bool(default and definition.is_basic_field and definition.default_resolver is getattr)


def _is_plain_method(definition: StrawberryField, field: GraphQLField) -> bool:
    """A method of `self` and `info` alone, which nothing is wrapped around."""
    inner = definition.base_resolver
    if inner is None or field.args or definition.extensions or definition.permission_classes:
        return False
    return not inner.parent_parameter and not inner.root_parameter


def _info(
    kind: GraphQLObjectType, field: GraphQLField, nodes: Sequence[FieldNode], key: str, document: Document
) -> Callable[[Run, Frame], RawInfo]:
    name, of_type, node_list = nodes[0].name.value, field.type, list(nodes)
    schema, operation, fragments = document.schema, document.operation, dict(document.fragments)

    def made(run: Run, frame: Frame) -> RawInfo:
        path = _path(frame, key, kind.name)
        known = (schema, fragments, run.root, operation, run.variables, run.context, is_awaitable)
        return GraphQLResolveInfo(name, node_list, of_type, kind, path, *known, *REST)  # type: ignore[arg-type]  # by position

    return made


def _path(frame: Frame, key: str, typename: str) -> Path:
    path: Path | None = None
    for step in frame.path(key):
        path = Path(path, step, typename)
    return path  # type: ignore[return-value]  # the path of a key is never empty


def _by_method(
    kind: GraphQLObjectType,
    field: GraphQLField,
    nodes: Sequence[FieldNode],
    key: str,
    document: Document,
    definition: StrawberryField,
) -> Resolve:
    inner = definition.base_resolver
    assert inner is not None  # noqa: S101 - asked for before
    call: Callable[..., Any] = inner.wrapped_func  # type: ignore[assignment]  # the plain function
    info = _info(kind, field, nodes, key, document)
    parameter = inner.info_parameter.name if inner.info_parameter else None
    takes_self = inner.self_parameter is not None

    def resolve(run: Run, source: Any, frame: Frame) -> Any:  # noqa: ANN401 - the application's
        given = (source,) if takes_self else ()
        if parameter is None:
            return call(*given)
        return call(*given, **{parameter: Info(_raw_info=info(run, frame), _field=definition)})

    return resolve


def _by_graphql(
    kind: GraphQLObjectType, field: GraphQLField, nodes: Sequence[FieldNode], key: str, document: Document
) -> Resolve:
    """By the resolver that the schema has, with its arguments."""
    name, inner, node = nodes[0].name.value, field.resolve, nodes[0]
    info = _info(kind, field, nodes, key, document)
    constant = None if _has_variables(node) else get_argument_values(field, node)

    def resolve(run: Run, source: Any, frame: Frame) -> Any:  # noqa: ANN401 - the application's
        arguments = constant if constant is not None else run.arguments.get(resolve)
        if arguments is None:
            arguments = run.arguments[resolve] = get_argument_values(field, node, run.variables)
        if inner is None:
            return getattr(source, name, None)
        return inner(source, info(run, frame), **arguments)

    return resolve


class _Variables(Visitor):
    found = False

    def enter_variable(self, _node: VariableNode, *_: object) -> None:
        self.found = True


def _has_variables(node: FieldNode) -> bool:
    variables = _Variables()
    for argument in node.arguments or ():
        visit(argument, variables)
    return variables.found
