"""The console as a FastAPI application."""

import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from jinja2 import Environment, PackageLoader, StrictUndefined
from redis.asyncio import Redis
from starlette.exceptions import HTTPException

from colonnade_edge import audit
from colonnade_edge.answer import Answer, refusal
from colonnade_edge.console import views
from colonnade_edge.console.admin import Guard, admin
from colonnade_edge.console.counts import Counts
from colonnade_edge.console.versions import Runner
from colonnade_edge.errors import BadRequest, NotFound, Refused, Unauthenticated, Unavailable
from colonnade_edge.policy.reload import PolicyFile


def console(policy: PolicyFile, redis: Redis, token_file: Path, runner: Runner) -> FastAPI:
    """Return the application."""
    app = FastAPI(title="Colonnade admin API", docs_url=None, redoc_url=None)
    counts = Counts()
    app.include_router(admin(policy, redis, runner, Guard(token_file)))
    page = Environment(
        loader=PackageLoader("colonnade_edge.console"), autoescape=True, undefined=StrictUndefined
    ).get_template("status.html")

    @app.get("/healthz")
    async def healthz() -> Response:
        if policy.current is None:
            raise Unavailable("no policy document was read yet")
        return Response(b'{"status":"ok"}', media_type="application/json")

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(counts.render(), media_type="text/plain; version=0.0.4")

    @app.get("/favicon.ico")
    async def favicon() -> Response:
        # Browsers ask for one whatever the page says, and tell of a 404 as an error.
        return Response(status_code=204)

    @app.get("/")
    async def status_page() -> Response:
        document = policy.current.document if policy.current else None
        nonce = secrets.token_urlsafe(16)
        health, routes = await views.health(redis, document), views.routes(document)
        html = page.render(health=health, routes=routes, nonce=nonce)
        csp = f"default-src 'none'; style-src 'nonce-{nonce}'; frame-ancestors 'none'; base-uri 'none'"
        return Response(html, media_type="text/html", headers={"content-security-policy": csp})

    _harden(app, counts)
    return app


def _harden(app: FastAPI, counts: Counts) -> None:
    refusals = audit.Refusals()

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        if isinstance(error, Unauthenticated):
            told = audit.Entry(event="refused", reason=error.slug, route=request.url.path)
            address = request.client.host if request.client else ""
            refusals.record(told, lambda name: address if name == "x-colonnade-ip" else "")
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
        counts.count(request, response)
        response.headers.setdefault("content-security-policy", "default-src 'none'; frame-ancestors 'none'")
        response.headers["x-content-type-options"] = "nosniff"
        response.headers["referrer-policy"] = "no-referrer"
        response.headers["cache-control"] = "no-store"
        return response


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))
