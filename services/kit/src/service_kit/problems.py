"""Errors as problem details (RFC 9457)."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - the RFC's own word
    """An answer that says what went wrong; `extra` are further members of the document."""

    def __init__(self, status: int, detail: str, **extra: Any) -> None:  # noqa: ANN401 - any JSON
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.extra = extra


def problem_response(status: int, detail: str, **extra: Any) -> JSONResponse:  # noqa: ANN401 - any JSON
    """Return the problem document as an answer."""
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **extra}
    return JSONResponse(body, status, media_type=MEDIA_TYPE)


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
        errors = error.errors()
        if any(one["type"] == "json_invalid" for one in errors):
            return problem_response(400, "The body is not valid JSON.")
        told = [{"field": ".".join(map(str, one["loc"])), "message": one["msg"]} for one in errors[:20]]
        return problem_response(422, f"{told[0]['field']}: {told[0]['message']}", errors=told)
