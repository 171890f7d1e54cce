"""GraphQL as a view: a Strawberry schema behind `POST /graphql`; errors tell codes and no internals.

Needs the extra `graphql` of this package.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from colonnade_runtime.errors import Problem, Unauthorized, UpstreamError, UpstreamTimeout
from colonnade_runtime.logs import of_request
from colonnade_runtime.operations.engine import Engine, Refused
from colonnade_runtime.operations.trusted import TrustedDocuments, identify
from colonnade_runtime.request import Request
from graphql import ExecutionResult, GraphQLError, NoSchemaIntrospectionCustomRule
from strawberry import Schema
from strawberry.extensions.max_aliases import create_validator as no_more_aliases_than
from strawberry.extensions.query_depth_limiter import create_validator as no_deeper_than

GUESS = " Did you mean "
"""How graphql-core begins to tell names of the schema to who has mistaken one."""

_log = logging.getLogger(__name__)


class Limits(msgspec.Struct, frozen=True):
    """What an operation may ask for at the most: levels, tokens of its text, other names, fields answered.

    And how many pairs of its fields may have one place in the answer, because each is compared.
    """

    depth: int = 10
    tokens: int = 2_000
    aliases: int = 30
    complexity: int = 10_000
    overlaps: int = 2_000


LIMITS = Limits()


class Body(msgspec.Struct, frozen=True):
    """The body of a request (GraphQL over HTTP §5.2); `documentId` names a trusted document."""

    query: str = ""
    variables: dict[str, Any] | None = None
    operation_name: str | None = msgspec.field(default=None, name="operationName")
    document_id: str | None = msgspec.field(default=None, name="documentId")
    extensions: dict[str, Any] | None = None


def graphql(
    schema: Schema, limits: Limits = LIMITS, trusted: Path | None = None
) -> Callable[[Request], Awaitable[Mapping[str, Any]]]:
    """Return the view that executes operations on `schema`, with the request as their context.

    `trusted` is a JSON file of documents by their ids, as Relay and GraphQL Code Generator write it: in
    production no others are accepted. Nor is introspection. An operation that cannot be executed is answered
    with 200 and `errors`, as clients expect of `application/json`. Raises `TypeError` for a schema with
    extensions, which compiled operations would not run.
    """
    if schema.extensions:
        raise TypeError("graphql() runs no schema extensions: give its limits, and take field extensions")
    return _View(schema, limits, TrustedDocuments(trusted) if trusted else None)


class _View:
    def __init__(self, schema: Schema, limits: Limits, trusted: TrustedDocuments | None) -> None:
        self._schema = schema
        self._limits = limits
        self._trusted = trusted

    @cached_property
    def _open(self) -> Engine:
        """For development: clients may look at the schema."""
        return self._engine()

    @cached_property
    def _closed(self) -> Engine:
        return self._engine(NoSchemaIntrospectionCustomRule)

    def _engine(self, *more: type[Any]) -> Engine:
        limits = self._limits
        rules = [no_deeper_than(limits.depth, None), no_more_aliases_than(limits.aliases), *more]
        return Engine(self._schema, rules, limits.tokens, limits.complexity, limits.overlaps)

    async def __call__(self, request: Request) -> Mapping[str, Any]:
        body = await request.body(Body)
        engine = self._open if request.development else self._closed
        try:
            query = self._query(body, known_only=not request.development)
            operation = engine.prepare(query, body.operation_name)
            result = await engine.execute(operation, body.variables, request)
        except Refused as refused:
            result = ExecutionResult(data=None, errors=list(refused.errors))
        return _answer(result, request)

    def _query(self, body: Body, *, known_only: bool) -> str:
        """The document to execute. Raises `Refused` for one that is not known, or not trusted."""
        document_id = identify(body.document_id, body.extensions)
        if self._trusted is not None and (document_id is not None or known_only):
            return self._trusted.find(document_id)
        return body.query


def _answer(result: ExecutionResult, request: Request) -> Mapping[str, Any]:
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        _reject_strangers(result.errors)
        answer["errors"] = [_error(error, request) for error in result.errors]
    if request.degraded:
        answer["extensions"] = {"degraded": request.degraded}
    return answer


def _reject_strangers(errors: Sequence[GraphQLError]) -> None:
    """A request without identity is refused as a whole, as on every other path."""
    for error in errors:
        if isinstance(error.original_error, Unauthorized):
            raise error.original_error


def _error(error: GraphQLError, request: Request) -> dict[str, Any]:
    """What the client is told: where, what, and a code to act on; the schema's names in development only."""
    code, message = _code(error, request.id)
    if not request.development:
        message = message.partition(GUESS)[0]
    told: dict[str, Any] = {"message": message, "extensions": {"code": code, "request_id": request.id}}
    if error.locations:
        told["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        told["path"] = error.path
    return told


def _code(error: GraphQLError, request_id: str) -> tuple[str, str]:
    match error.original_error:
        case None | GraphQLError():
            return str((error.extensions or {}).get("code", "BAD_REQUEST")), error.message
        case Problem() as problem:
            return problem.status.name, problem.detail
        case UpstreamTimeout() as late:
            return "UPSTREAM_TIMEOUT", f"The {late.service} service did not answer in time."
        case UpstreamError() as failed:
            return "UPSTREAM_FAILED", f"The {failed.service} service failed."
        case unexpected:
            _log.error("resolver failed", exc_info=unexpected, extra=of_request(request_id))
            return "INTERNAL", "Something went wrong."
