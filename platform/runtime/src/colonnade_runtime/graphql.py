"""GraphQL as a view: a Strawberry schema behind `POST /graphql`; errors tell codes and no internals.

Needs the extra `graphql` of this package.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec
from colonnade_runtime.errors import Problem, Unauthorized, UpstreamError, UpstreamTimeout
from colonnade_runtime.request import Request
from graphql import GraphQLError
from strawberry import Schema
from strawberry.extensions import MaxAliasesLimiter, MaxTokensLimiter, QueryDepthLimiter
from strawberry.extensions.base_extension import SchemaExtension
from strawberry.types.execution import ExecutionResult

MAX_DEPTH = 10
MAX_TOKENS = 2_000
MAX_ALIASES = 30

LIMITS: tuple[Callable[[], SchemaExtension], ...] = (
    lambda: QueryDepthLimiter(max_depth=MAX_DEPTH),
    lambda: MaxTokensLimiter(max_token_count=MAX_TOKENS),
    lambda: MaxAliasesLimiter(max_alias_count=MAX_ALIASES),
)
"""What a query may ask for at most; give them to `strawberry.Schema(extensions=LIMITS)`."""

_log = logging.getLogger(__name__)


class Operation(msgspec.Struct, frozen=True):
    """The body of a request (GraphQL over HTTP §5.2)."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = msgspec.field(default=None, name="operationName")


def graphql(schema: Schema) -> Callable[[Request], Awaitable[Mapping[str, Any]]]:
    """Return the view that executes operations on `schema`, with the request as their context.

    An operation that cannot be executed is answered with 200 and `errors`, as clients expect of
    `application/json`.
    """

    async def view(request: Request) -> Mapping[str, Any]:
        operation = await request.json(Operation)
        result = await schema.execute(
            operation.query,
            variable_values=operation.variables,
            context_value=request,
            operation_name=operation.operation_name,
        )
        return _answer(result, request.id)

    return view


def _answer(result: Any, request_id: str) -> Mapping[str, Any]:  # noqa: ANN401 - one of Strawberry's results
    if not isinstance(result, ExecutionResult):
        return {"data": None, "errors": [_error(error, request_id) for error in result.errors or ()]}
    _reject_strangers(result.errors or ())
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [_error(error, request_id) for error in result.errors]
    return answer


def _reject_strangers(errors: Sequence[GraphQLError]) -> None:
    """A request without identity is refused as a whole, as on every other path."""
    for error in errors:
        if isinstance(error.original_error, Unauthorized):
            raise error.original_error


def _error(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """What the client is told: where, what, and a code to act on."""
    code, message = _code(error, request_id)
    told: dict[str, Any] = {"message": message, "extensions": {"code": code, "request_id": request_id}}
    if error.locations:
        told["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        told["path"] = error.path
    return told


def _code(error: GraphQLError, request_id: str) -> tuple[str, str]:
    match error.original_error:
        case None | GraphQLError():
            return "BAD_REQUEST", error.message
        case Problem() as problem:
            return problem.status.name, problem.detail
        case UpstreamTimeout() as late:
            return "UPSTREAM_TIMEOUT", f"The {late.service} service did not answer in time."
        case UpstreamError() as failed:
            return "UPSTREAM_FAILED", f"The {failed.service} service failed."
        case unexpected:
            _log.error("resolver failed, request %s", request_id, exc_info=unexpected)
            return "INTERNAL", "Something went wrong."
