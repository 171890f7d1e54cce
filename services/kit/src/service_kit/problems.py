"""Errors as problem details (RFC 9457)."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 20

log = logging.getLogger(__name__)


class Problem(Exception):  # noqa: N818 - the RFC's own word
    """An answer that says what went wrong; `extra` are further members of the document."""

    def __init__(self, status: int, detail: str, **extra: Any) -> None:  # noqa: ANN401 - any JSON
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.extra = extra


class ProblemDocument(BaseModel):
    """The body of every error; `errors` name the fields of a malformed request."""

    model_config = ConfigDict(extra="forbid")

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] | None = None


RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem (RFC 9457).",
        "content": {MEDIA_TYPE: {"schema": ProblemDocument.model_json_schema()}},
    }
}
"""How the OpenAPI document describes every error."""


def problem_response(status: int, detail: str, **extra: Any) -> JSONResponse:  # noqa: ANN401 - any JSON
    """Return the problem document as an answer."""
    body = {"type": "about:blank", "title": title_of(status), "status": status, "detail": detail, **extra}
    return JSONResponse(body, status, media_type=MEDIA_TYPE)


def title_of(status: int) -> str:
    """Return the registered phrase, or a plain word for a status that has none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def install(api: FastAPI) -> None:
    """Make `api` answer every error with a problem document."""

    @api.exception_handler(Problem)
    async def _problem(_request: Request, error: Problem) -> JSONResponse:
        return problem_response(error.status, error.detail, **error.extra)

    @api.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> JSONResponse:
        response = problem_response(error.status_code, str(error.detail))
        response.headers.update(error.headers or {})
        return response

    @api.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        return _validation_problem(error)

    @api.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> JSONResponse:
        told = {"request_id": request.headers.get("x-request-id")}
        log.error("%s %s failed", request.method, request.url.path, exc_info=error, extra=told)
        return problem_response(500, "The service failed; its log says why.")


def _validation_problem(error: RequestValidationError) -> JSONResponse:
    errors = error.errors()
    if any(one["type"] == "json_invalid" for one in errors):
        return problem_response(400, "The body is not valid JSON.")
    told = [{"field": ".".join(map(str, one["loc"])), "message": one["msg"]} for one in errors[:MAX_ERRORS]]
    return problem_response(422, f"{told[0]['field']}: {told[0]['message']}", errors=told)
