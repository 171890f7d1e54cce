"""Pushed authorization requests (RFC 9126): a client sends its parameters itself, not by a browser's URL."""

import secrets
import time
from urllib.parse import parse_qsl, urlencode

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from identity_service.call import Call, read_call
from identity_service.grants import AUTH_METHODS
from identity_service.server import Server

LIFE_S = 600
"""Time to type a password."""
PREFIX = "urn:ietf:params:oauth:request_uri:"
SECRET = ("client_secret",)


class PushedRequests:
    """Requests that were pushed, in memory: after a restart a login has to begin again."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, str]] = {}

    def keep(self, query: str) -> str:
        """Keep the parameters of a valid request; return the `request_uri` that stands for them."""
        now = time.monotonic()
        self._kept = {uri: (end, kept) for uri, (end, kept) in self._kept.items() if end > now}
        uri = PREFIX + secrets.token_urlsafe(32)
        self._kept[uri] = now + LIFE_S, query
        return uri

    def expand(self, query: str) -> str:
        """Return the parameters that `query` names by its `request_uri`, or `query` where it names none.

        Raises `OAuth2Error` where they are unknown, too old, or of another client.
        """
        asked = dict(parse_qsl(query))
        if "request_uri" not in asked:
            return query
        end, kept = self._kept.get(asked["request_uri"], (0.0, ""))
        if end < time.monotonic() or dict(parse_qsl(kept))["client_id"] != asked.get("client_id"):
            raise InvalidRequestError("Unknown or expired 'request_uri'.")
        return kept


def routes(server: Server, pushed: PushedRequests) -> APIRouter:
    """Return `/par`."""
    router = APIRouter(tags=["oauth"])

    @router.post("/par")
    async def push(request: Request) -> Response:
        try:
            uri = pushed.keep(_checked(server, await read_call(request)))
        except OAuth2Error as error:
            told = {"error": error.error, "error_description": error.description}
            return _answer({name: text for name, text in told.items() if text}, error.status_code)
        return _answer({"request_uri": uri, "expires_in": LIFE_S}, 201)

    return router


def _checked(server: Server, call: Call) -> str:
    """Return the parameters of a pushed request that could also come by a browser. Raises `OAuth2Error`."""
    client = server.authenticate_client(server.create_oauth2_request(call), AUTH_METHODS, "par")
    fields = {name: value for name, value in parse_qsl(call.form) if name not in SECRET}
    if "request_uri" in fields:
        raise InvalidRequestError("A pushed request has no 'request_uri'.")
    query = urlencode({**fields, "client_id": client.get_client_id()})
    server.get_consent_grant(Call("GET", call.url, query, "", {}), None)
    return query


def _answer(body: dict[str, object], status: int) -> JSONResponse:
    return JSONResponse(body, status, headers={"Cache-Control": "no-store"})
