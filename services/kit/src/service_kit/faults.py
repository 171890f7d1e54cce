"""Faults that tests and demonstrations switch on and off while a service runs; development only."""

import asyncio
import random
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp, Receive, Scope, Send

from service_kit.problems import problem_response

EXEMPT = ("/_faults", "/healthz")


class Faults(BaseModel):
    """Added latency (with jitter, both in milliseconds), a share of errors, or no answer at all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency_ms: Annotated[float, Field(ge=0, le=600_000)] = 0
    jitter_ms: Annotated[float, Field(ge=0, le=600_000)] = 0
    error_rate: Annotated[float, Field(ge=0, le=1)] = 0
    error_status: Annotated[int, Field(ge=400, le=599)] = 503
    hang: bool = False


class FaultSwitch:
    """Holds the faults of one service; `_cleared` wakes the requests that hang."""

    def __init__(self) -> None:
        self.faults = Faults()
        self._cleared = asyncio.Event()

    def set(self, faults: Faults) -> Faults:
        """Replace the faults, and let go of every request that hangs."""
        self.faults = faults
        self._cleared.set()
        self._cleared = asyncio.Event()
        return faults

    async def suffer(self) -> int | None:
        """Wait as the faults say; return the status of an error, or None to go on."""
        faults = self.faults
        if faults.hang:
            await self._cleared.wait()
        delay = faults.latency_ms + random.uniform(0, faults.jitter_ms)  # noqa: S311 - no secret
        if delay:
            await asyncio.sleep(delay / 1000)
        failed = faults.error_rate and random.random() < faults.error_rate  # noqa: S311 - no secret
        return faults.error_status if failed else None


class FaultMiddleware:
    """Puts every request but health checks and the switch itself through the faults."""

    def __init__(self, app: ASGIApp, switch: FaultSwitch) -> None:
        self.app = app
        self.switch = switch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Delay, fail or pass on."""
        status = None
        if scope["type"] == "http" and scope["path"] not in EXEMPT:
            status = await self.switch.suffer()
        app = self.app if status is None else problem_response(status, "A fault was injected.")
        await app(scope, receive, send)


def router(switch: FaultSwitch) -> APIRouter:
    """Return the routes that show, set and clear the faults."""
    routes = APIRouter(prefix="/_faults", tags=["faults"])

    @routes.get("")
    async def show() -> Faults:
        return switch.faults

    @routes.put("")
    async def change(faults: Faults) -> Faults:
        return switch.set(faults)

    @routes.delete("", status_code=204)
    async def clear() -> None:
        switch.set(Faults())

    return routes
