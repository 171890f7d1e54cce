"""The application that every mock service is: health, problems, faults, and its own routes."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Literal, Protocol

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel
from starlette.types import ASGIApp

from service_kit import faults, problems, tracing
from service_kit.settings import Settings

Lifespan = Callable[[], AbstractAsyncContextManager[None]]


class Health(BaseModel):
    """The answer of a service that is ready."""

    status: Literal["ok"] = "ok"


class Closes(Protocol):
    """Something that is closed when the service stops."""

    def close(self) -> None:
        """Release what it holds."""


def closing(*resources: Closes) -> Lifespan:
    """Return a lifespan that closes `resources`, the last opened first."""

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        yield
        for resource in reversed(resources):
            resource.close()

    return lifespan


def create_app(title: str, settings: Settings, routes: APIRouter, lifespan: Lifespan) -> ASGIApp:
    """Return the application of one service, which lives within `lifespan`."""
    spans = tracing.exporter(os.environ)

    @asynccontextmanager
    async def live(_api: FastAPI) -> AsyncIterator[None]:
        async with lifespan():
            yield
        if spans is not None:
            spans.close()

    api = FastAPI(
        title=title,
        version="1.0.0",
        lifespan=live,
        redoc_url=None,
        redirect_slashes=False,  # one resource, one address
        responses=problems.RESPONSES,
    )
    problems.install(api)
    api.include_router(routes)

    @api.get("/healthz", tags=["health"])
    async def healthz() -> Health:
        return Health()

    app: ASGIApp = api
    if settings.development:
        switch = faults.FaultSwitch()
        api.include_router(faults.router(switch))
        app = faults.FaultMiddleware(api, switch)
    return app if spans is None else tracing.TraceMiddleware(app, spans)
