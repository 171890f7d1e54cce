"""The identity provider's application."""

import os
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.types import ASGIApp

from identity_service import login, logout
from identity_service.clients import Clients
from identity_service.discovery import metadata
from identity_service.endpoints import AccessToken, find_token, is_active
from identity_service.keys import SigningKey
from identity_service.pages import STYLE
from identity_service.server import Server
from identity_service.store import GrantStore
from identity_service.tokens import user_claims
from identity_service.users import USERS, Login
from service_kit import Problem, Settings, SettingsError, closing, create_app


def create(settings: Settings) -> ASGIApp:
    """Return the application. Raises `SettingsError` outside development, where it must not run."""
    if os.environ.get("COLONNADE_ENV") != "development":
        raise SettingsError(
            "refuses to start: it knows passwords. Set COLONNADE_ENV=development on a machine of yours"
        )
    # Development has no TLS; Authlib would refuse every request without this.
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    issuer = os.environ.get("ISSUER") or f"http://{settings.host}:{settings.port}"
    clients = Clients(Path(_required("CLIENTS_FILE")))
    key = SigningKey(settings.data_dir / "signing-key.json")
    store = GrantStore(settings.data_dir / "grants.sqlite")
    server = Server(issuer, clients, key, store)
    routes = _oauth_routes(server)
    routes.include_router(login.routes(server, store))
    routes.include_router(logout.routes(issuer, clients, key, store))
    routes.include_router(_document_routes(issuer, key, store))
    return create_app("Development identity provider", settings, routes, closing(store))


def _required(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise SettingsError(f"{variable} is not set: give the path of the clients' JSON file")
    return value


def _oauth_routes(server: Server) -> APIRouter:
    router = APIRouter(tags=["oauth"])

    @router.post("/token")
    async def token(request: Request) -> Response:
        answer: Response = server.create_token_response(await login.read_call(request))
        return answer

    @router.post("/introspect")
    async def introspect(request: Request) -> Response:
        answer: Response = server.create_endpoint_response("introspection", await login.read_call(request))
        return answer

    @router.post("/revoke")
    async def revoke(request: Request) -> Response:
        answer: Response = server.create_endpoint_response("revocation", await login.read_call(request))
        return answer

    return router


def _document_routes(issuer: str, key: SigningKey, store: GrantStore) -> APIRouter:
    router = APIRouter(tags=["documents"])

    @router.get("/.well-known/openid-configuration")
    @router.get("/.well-known/oauth-authorization-server")
    async def discovery() -> dict[str, object]:
        return metadata(issuer)

    @router.get("/.well-known/jwks.json")
    async def jwks() -> dict[str, object]:
        return key.public()

    @router.get("/userinfo")
    async def userinfo(request: Request) -> dict[str, object]:
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        found = find_token(store, key, text) if scheme.lower() == "bearer" else None
        if not isinstance(found, AccessToken) or not is_active(store, found) or "grant" not in found.claims:
            raise Problem(401, "A valid access token of a user is needed.")
        claims = found.claims
        owner = Login(USERS[str(claims["sub"])], str(claims["sid"]), 0, "")
        return user_claims(owner, str(claims["scope"]))

    @router.get("/style.css")
    async def style() -> Response:
        return Response(STYLE, media_type="text/css")

    return router
