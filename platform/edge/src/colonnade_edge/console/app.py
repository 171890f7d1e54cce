"""The console as a FastAPI application."""

import hmac
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from jinja2 import Environment, PackageLoader, StrictUndefined
from redis.asyncio import Redis
from starlette.exceptions import HTTPException

from colonnade_edge.answer import Answer, refusal
from colonnade_edge.console import views
from colonnade_edge.console.keys import Keys
from colonnade_edge.console.models import CreatedKey, Health, KeyList, KeyView, NewKey, RouteList
from colonnade_edge.errors import BadRequest, NotFound, Refused, Unauthenticated, Unavailable
from colonnade_edge.policy.reload import PolicyFile

MIN_TOKEN = 16
bearer = HTTPBearer(auto_error=False)


class Guard:
    """Lets pass who holds the admin token; the file is read anew, so that the token can be changed."""

    def __init__(self, token_file: Path) -> None:
        self._file = token_file

    def __call__(self, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> None:
        """Raise `Unauthenticated` for a wrong token, `Unavailable` where none is set up."""
        try:
            token = self._file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise Unavailable("the admin token file cannot be read") from error
        if len(token) < MIN_TOKEN:
            raise Unavailable(f"the admin token must have at least {MIN_TOKEN} characters")
        presented = given.credentials if given is not None else ""
        if not hmac.compare_digest(presented.encode(), token.encode()):
            raise Unauthenticated("send the admin token: Authorization: Bearer …", 'Bearer realm="admin"')


def console(policy: PolicyFile, redis: Redis, token_file: Path) -> FastAPI:
    """Return the application."""
    app = FastAPI(title="Colonnade admin API", docs_url=None, redoc_url=None)
    keys = Keys(redis)
    app.include_router(_admin(policy, redis, keys, Guard(token_file)))
    page = Environment(
        loader=PackageLoader("colonnade_edge.console"), autoescape=True, undefined=StrictUndefined
    ).get_template("status.html")

    @app.get("/healthz")
    async def healthz() -> Response:
        if policy.current is None:
            raise Unavailable("no policy document was read yet")
        return Response(b'{"status":"ok"}', media_type="application/json")

    @app.get("/")
    async def status_page() -> Response:
        document = policy.current.document if policy.current else None
        nonce = secrets.token_urlsafe(16)
        health, routes = await views.health(redis, document), views.routes(document)
        html = page.render(health=health, routes=routes, nonce=nonce)
        csp = f"default-src 'none'; style-src 'nonce-{nonce}'; frame-ancestors 'none'; base-uri 'none'"
        return Response(html, media_type="text/html", headers={"content-security-policy": csp})

    _harden(app)
    return app


def _admin(policy: PolicyFile, redis: Redis, keys: Keys, guard: Guard) -> APIRouter:
    router = APIRouter(prefix="/admin", dependencies=[Depends(guard)])

    @router.post("/keys", status_code=201)
    async def create_key(order: NewKey) -> CreatedKey:
        """Make an API key. The key itself is shown in this answer, and never again."""
        expires = order.expires_at.timestamp() if order.expires_at else None
        key, record = await keys.create(order.device_id, order.name, order.scopes, expires)
        return CreatedKey(**KeyView.of(record).model_dump(), key=key)

    @router.get("/keys")
    async def list_keys() -> KeyList:
        """List the keys, newest first, revoked ones too."""
        return KeyList(items=tuple(KeyView.of(record) for record in await keys.list()))

    @router.delete("/keys/{key_id}")
    async def revoke_key(key_id: str) -> KeyView:
        """Revoke a key: the next request with it is refused."""
        record = await keys.revoke(key_id)
        if record is None:
            raise NotFound(f"there is no key with the id {key_id}")
        return KeyView.of(record)

    @router.get("/routes")
    async def list_routes() -> RouteList:
        """List the routes of the policy document in effect."""
        return views.routes(policy.current.document if policy.current else None)

    @router.get("/health")
    async def health() -> Health:
        """Tell what answers."""
        return await views.health(redis, policy.current.document if policy.current else None)

    return router


def _harden(app: FastAPI) -> None:
    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> Response:
        return _response(refusal(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return _response(refusal(BadRequest(f"{where}: {first['msg']}")))

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> Response:
        kind = NotFound if error.status_code in (404, 405) else BadRequest
        return _response(refusal(kind("there is nothing at this path with this method")))

    @app.middleware("http")
    async def headers(request: Request, following: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await following(request)
        response.headers.setdefault("content-security-policy", "default-src 'none'; frame-ancestors 'none'")
        response.headers["x-content-type-options"] = "nosniff"
        response.headers["referrer-policy"] = "no-referrer"
        response.headers["cache-control"] = "no-store"
        return response


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))
