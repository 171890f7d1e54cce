"""Answers requests: finds the view, runs it within the deadline, encodes what it returns."""

import asyncio
import logging

import msgspec
from colonnade_runtime.app import HEALTHZ, Answer, App
from colonnade_runtime.errors import Problem
from colonnade_runtime.problems import MEDIA_TYPE, problem
from colonnade_runtime.request import Request
from colonnade_runtime.rsgi import HTTPProtocol, Scope
from colonnade_runtime.upstream import Transport

JSON = ("content-type", "application/json")
PROBLEM = ("content-type", MEDIA_TYPE)
NO_STORE = ("cache-control", "no-store")
"""Answers are about one person: nothing between may keep them."""

_encoder = msgspec.json.Encoder()
_log = logging.getLogger(__name__)


class Handler:
    """An application with its way to the services, as Granian calls it."""

    def __init__(self, app: App, transport: Transport) -> None:
        self._app = app
        self._transport = transport

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answer one request."""
        request = Request(scope, protocol, self._app.limits, self._transport)
        try:
            view, request.parameters = self._app.router.find(scope.method, scope.path)
            if self._app.caller and scope.path != HEALTHZ:
                request.identify(self._app.caller)
            async with asyncio.timeout(self._app.limits.deadline):
                result = await view(request)
            answer = result if isinstance(result, Answer) else Answer(result)
            status, headers, body = answer.status, [JSON, NO_STORE], _encoder.encode(answer.body)
        except Exception as error:  # noqa: BLE001 - the one place where errors become answers
            status, headers, body = _failed(error, scope, request.id)
        if scope.method == "HEAD":
            protocol.response_empty(status, headers)
        else:
            protocol.response_bytes(status, headers, body)


def _failed(error: Exception, scope: Scope, request_id: str) -> tuple[int, list[tuple[str, str]], bytes]:
    answer = problem(error, request_id)
    if not isinstance(error, Problem):
        expected = answer.document.status != 500  # noqa: PLR2004 - the status of what nobody expected
        told = "%s %s failed, request %s: %s"
        _log.error(told, scope.method, scope.path, request_id, error, exc_info=None if expected else error)
    headers = [PROBLEM, NO_STORE, *answer.headers.items()]
    return answer.document.status, headers, _encoder.encode(answer.document)
