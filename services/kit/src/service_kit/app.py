"""The application that every mock service is: health, problems, faults, and its own routes."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from service_kit import faults, problems
from service_kit.settings import Settings


@dataclass(frozen=True, slots=True)
class ServiceApp:
    """A service ready to be served: its API, and the ASGI application around it."""

    api: ASGIApp
    fastapi: FastAPI


def create_app(title: str, settings: Settings, routes: APIRouter, close: Callable[[], None]) -> ServiceApp:
    """Return the application of one service; `close` releases what its routes hold."""

    @asynccontextmanager
    async def lifespan(_api: FastAPI) -> AsyncIterator[None]:
        yield
        close()

    api = FastAPI(title=title, version="1.0.0", lifespan=lifespan, redoc_url=None)
    problems.install(api)
    api.include_router(routes)

    @api.get("/healthz", tags=["health"])
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    if not settings.development:
        return ServiceApp(api, api)
    switch = faults.FaultSwitch()
    api.include_router(faults.router(switch))
    return ServiceApp(faults.FaultMiddleware(api, switch), api)
