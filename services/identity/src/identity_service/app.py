"""The identity provider's application."""

import os
import re
import sqlite3
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.types import ASGIApp

from identity_service import login, logout, pushed, userinfo
from identity_service.backchannel import Backchannel
from identity_service.call import read_call
from identity_service.clients import Clients
from identity_service.discovery import metadata
from identity_service.keys import SigningKey
from identity_service.pages import STYLE
from identity_service.pushed import PushedRequests
from identity_service.server import Server
from identity_service.store import ACCESS_LIFE_S, GrantStore
from service_kit import Settings, SettingsError, closing, create_app


def create(settings: Settings) -> ASGIApp:
    """Return the application. Raises `SettingsError` outside development, where it must not run."""
    if os.environ.get("COLONNADE_ENV") != "development":
        raise SettingsError(
            "refuses to start: it knows passwords. Set COLONNADE_ENV=development on a machine of yours"
        )
    # Development has no TLS; Authlib would refuse every request without this.
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    issuer = _issuer(settings)
    clients = Clients(Path(_required("CLIENTS_FILE")))
    key, store = _open(settings.data_dir)
    server, pushed_requests = Server(issuer, clients, key, store, _access_life_s()), PushedRequests()
    routes = _oauth_routes(server)
    routes.include_router(pushed.routes(server, pushed_requests))
    routes.include_router(login.routes(server, store, pushed_requests))
    routes.include_router(logout.routes(clients, key, store, Backchannel(issuer, clients, key)))
    routes.include_router(userinfo.routes(key, store))
    routes.include_router(_document_routes(issuer, key))
    return create_app("Development identity provider", settings, routes, closing(store))


def _required(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise SettingsError(f"{variable} is not set: give the path of the clients' JSON file")
    return value


def _issuer(settings: Settings) -> str:
    """Return the provider's name, which is also how its endpoints' addresses begin."""
    issuer = os.environ.get("ISSUER") or f"http://{settings.host}:{settings.port}"
    if not re.fullmatch(r"https?://[^\s/?#]+", issuer):
        raise SettingsError(f"ISSUER={issuer}: give a URL without a path, such as http://127.0.0.1:8100")
    return issuer


def _access_life_s() -> int:
    """Return how long access tokens live; shorter than usual, to try what comes after."""
    text = os.environ.get("ACCESS_LIFE") or str(ACCESS_LIFE_S)
    if not text.isdecimal() or not 0 < int(text) <= ACCESS_LIFE_S:
        raise SettingsError(f"ACCESS_LIFE={text}: give a number of seconds from 1 to {ACCESS_LIFE_S}")
    return int(text)


def _open(folder: Path) -> tuple[SigningKey, GrantStore]:
    try:
        return SigningKey(folder / "signing-key.json"), GrantStore(folder / "grants.sqlite")
    except (OSError, sqlite3.Error) as error:
        raise SettingsError(f"DATA_DIR={folder}: {error}; give a folder that can be written") from error


def _oauth_routes(server: Server) -> APIRouter:
    router = APIRouter(tags=["oauth"])

    @router.post("/token")
    async def token(request: Request) -> Response:
        answer: Response = server.create_token_response(await read_call(request))
        return answer

    @router.post("/introspect")
    async def introspect(request: Request) -> Response:
        answer: Response = server.create_endpoint_response("introspection", await read_call(request))
        return answer

    @router.post("/revoke")
    async def revoke(request: Request) -> Response:
        answer: Response = server.create_endpoint_response("revocation", await read_call(request))
        return answer

    return router


def _document_routes(issuer: str, key: SigningKey) -> APIRouter:
    router = APIRouter(tags=["documents"])

    @router.get("/.well-known/openid-configuration")
    @router.get("/.well-known/oauth-authorization-server")
    async def discovery() -> dict[str, object]:
        return metadata(issuer)

    @router.get("/.well-known/jwks.json")
    async def jwks() -> dict[str, object]:
        return key.public()

    @router.get("/style.css")
    async def style() -> Response:
        return Response(STYLE, media_type="text/css")

    return router
