"""The telemetry service's application: REST and gRPC over one store."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import ASGIApp

from service_kit import Settings, create_app, tracing
from service_kit.server import claim
from service_kit.settings import port_of
from telemetry_service import grpc_server, rest
from telemetry_service.store import ReadingStore

GRPC_PORT = 8115


def create(settings: Settings) -> ASGIApp:
    """Return the application; its gRPC server lives as long as it does, on `GRPC_PORT`."""
    grpc_port = port_of(os.environ, "GRPC_PORT", GRPC_PORT)
    claim(settings.host, grpc_port, "GRPC_PORT")
    store = ReadingStore(settings.data_dir / "readings.sqlite")

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        spans = tracing.exporter(os.environ)  # REST has one of its own
        async with grpc_server.serving(store, settings.host, grpc_port, settings.identity, spans):
            yield
        if spans is not None:
            spans.close()
        store.close()

    return create_app("Telemetry service", settings, rest.routes(store), lifespan)
