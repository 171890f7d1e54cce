"""Errors as answers: problem details (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from math import ceil

import msgspec
from colonnade_runtime.errors import (
    Problem,
    UpstreamBusy,
    UpstreamError,
    UpstreamOpen,
    UpstreamTimeout,
    UpstreamUnreachable,
)

MEDIA_TYPE = "application/problem+json"


class ProblemDocument(msgspec.Struct, frozen=True):
    """The document; `request_id` finds it in the logs."""

    title: str
    status: int
    detail: str
    request_id: str
    type: str = "about:blank"


class ProblemAnswer(msgspec.Struct, frozen=True):
    """The document's status and headers, and the document."""

    document: ProblemDocument
    headers: Mapping[str, str]


def problem(error: Exception, request_id: str) -> ProblemAnswer:
    """Return what the client is told of an error: of an unexpected one, nothing but its request id."""
    if isinstance(error, Problem):
        return _answer(error.status, error.detail, request_id, error.headers)
    if isinstance(error, UpstreamError):
        status, did = _upstream(error)
        return _answer(status, f"The {error.service} service {did}.", request_id, _when(error))
    if isinstance(error, TimeoutError):
        return _answer(HTTPStatus.GATEWAY_TIMEOUT, "The answer took too long.", request_id)
    return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong.", request_id)


def _upstream(error: UpstreamError) -> tuple[HTTPStatus, str]:
    match error:
        case UpstreamTimeout():
            return HTTPStatus.GATEWAY_TIMEOUT, "did not answer in time"
        case UpstreamUnreachable():
            return HTTPStatus.SERVICE_UNAVAILABLE, "cannot be reached"
        case UpstreamBusy() | UpstreamOpen():
            return HTTPStatus.SERVICE_UNAVAILABLE, "is overloaded or failing, and was not asked"
        case _:
            return HTTPStatus.BAD_GATEWAY, "failed"


def _when(error: UpstreamError) -> Mapping[str, str]:
    """Tell when to try again, where that is known."""
    if isinstance(error, UpstreamOpen):
        return {"retry-after": str(ceil(error.retry_after) or 1)}
    return {}


def _answer(
    status: HTTPStatus, detail: str, request_id: str, headers: Mapping[str, str] | None = None
) -> ProblemAnswer:
    return ProblemAnswer(ProblemDocument(status.phrase, status, detail, request_id), headers or {})
