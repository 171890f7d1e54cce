"""The gRPC face of the readings, with health and reflection, in the process of the REST face."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from pydantic import ValidationError

from service_kit import tracing
from service_kit.pages import DEFAULT_LIMIT, MAX_LIMIT, decode_cursor, encode_cursor
from service_kit.problems import Problem
from service_kit.server import IDENTITY
from service_kit.settings import SettingsError
from telemetry_service.feed import TooSlow
from telemetry_service.grpc_traces import Traces
from telemetry_service.model import Batch, Reading
from telemetry_service.proto import telemetry_pb2 as pb
from telemetry_service.proto import telemetry_pb2_grpc as pb_grpc
from telemetry_service.store import ReadingStore, Row

SERVICE = pb.DESCRIPTOR.services_by_name["Telemetry"].full_name
DRAIN_S = 4.0
DEVICE = "x-device-id"
"""The device that is calling, where the edge let one in; no client can say so itself."""

Context = grpc.aio.ServicerContext[Any, Any]


class Telemetry(pb_grpc.TelemetryServicer):
    """Answers the calls of the proto file; a device speaks for itself only (PERMISSION_DENIED)."""

    def __init__(self, store: ReadingStore) -> None:
        self._store = store

    async def Ingest(self, request: pb.IngestRequest, context: Context) -> pb.IngestResponse:  # noqa: N802 - the proto's name
        """Store readings once; INVALID_ARGUMENT where REST would refuse them too."""
        await _only_itself(request.device_id, context)
        try:
            batch = _batch(request)
        except ValidationError as error:
            first = error.errors()[0]
            await _refuse(context, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
        receipt = await asyncio.to_thread(self._store.ingest, batch)
        return pb.IngestResponse(accepted=receipt.accepted, duplicates=receipt.duplicates)

    async def IngestMany(  # noqa: N802 - the proto's name
        self, requests: AsyncIterator[pb.IngestRequest], context: Context
    ) -> AsyncIterator[pb.IngestResponse]:
        """Answer each request as `Ingest` does, in order."""
        async for request in requests:
            yield await self.Ingest(request, context)

    async def FollowReadings(  # noqa: N802 - the proto's name
        self, request: pb.FollowReadingsRequest, context: Context
    ) -> AsyncIterator[pb.Reading]:
        """Tell readings as they are stored; RESOURCE_EXHAUSTED for a reader that is too slow."""
        await _only_itself(request.device_id, context)
        since = self._store.now()
        # The client knows by them that nothing from now on escapes it.
        await context.send_initial_metadata(())
        try:
            async for reading in self._store.following(request.device_id, since):
                yield _told(reading)
        except TooSlow:
            told = "readings came faster than they were read"
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, told)

    async def ListReadings(  # noqa: N802 - the proto's name
        self, request: pb.ListReadingsRequest, context: Context
    ) -> pb.ListReadingsResponse:
        """List a device's readings, newest first; INVALID_ARGUMENT for a foreign cursor."""
        await _only_itself(request.device_id, context)
        try:
            before = decode_cursor(request.cursor) if request.cursor else None
        except Problem as problem:
            await _refuse(context, problem.detail)
        limit = min(max(request.limit or DEFAULT_LIMIT, 1), MAX_LIMIT)
        rows, more = self._store.newest(request.device_id, limit, before)
        return pb.ListReadingsResponse(
            readings=[_message(row) for row in rows],
            next_cursor=encode_cursor(rows[-1][0]) if more else "",
        )


async def _only_itself(device_id: str, context: Context) -> None:
    device = dict(context.invocation_metadata() or ()).get(DEVICE, device_id)
    if device != device_id:
        await context.abort(grpc.StatusCode.PERMISSION_DENIED, f"{device!r} speaks for itself only")


async def _refuse(context: Context, detail: str) -> NoReturn:
    await context.abort(grpc.StatusCode.INVALID_ARGUMENT, detail)
    raise AssertionError("abort raises")


def _batch(request: pb.IngestRequest) -> Batch:
    """Return the request as REST's model, so that both refuse the same. Raises `ValidationError`."""
    readings = [
        {"seq": one.seq, "at": _time(one), "metric": one.metric, "value": one.value}
        for one in request.readings
    ]
    return Batch.model_validate({"device_id": request.device_id, "readings": readings})


def _time(reading: pb.Reading) -> datetime | None:
    """Return the reading's time; None, which the model refuses, where it has none or one out of range."""
    try:
        return reading.at.ToDatetime(tzinfo=UTC) if reading.HasField("at") else None
    except ValueError:
        return None


def _message(row: Row) -> pb.Reading:
    at = Timestamp()
    at.FromDatetime(datetime.fromisoformat(row[1]).astimezone(UTC))
    return pb.Reading(seq=row[0], at=at, metric=row[2], value=row[3])


def _told(reading: Reading) -> pb.Reading:
    at = Timestamp()
    at.FromDatetime(reading.at)
    return pb.Reading(seq=reading.seq, at=at, metric=reading.metric, value=reading.value)


def _mutual_tls(identity: Path) -> grpc.ServerCredentials:
    certificate, key, authority = ((identity / name).read_bytes() for name in IDENTITY)
    return grpc.ssl_server_credentials([(key, certificate)], authority, require_client_auth=True)


@asynccontextmanager
async def serving(
    store: ReadingStore,
    host: str,
    port: int,
    identity: Path | None = None,
    spans: tracing.Exporter | None = None,
) -> AsyncIterator[None]:
    """Serve on `host:port` within the context, by mTLS with an `identity`, and tell `spans` of sampled calls.

    Raises `SettingsError` where the port is taken.
    """
    traces = [Traces(SERVICE, spans)] if spans else []
    server = grpc.aio.server(interceptors=traces, options=[("grpc.so_reuseport", 0)])
    pb_grpc.add_TelemetryServicer_to_server(Telemetry(store), server)  # type: ignore[no-untyped-call]
    healthy = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
    reflection.enable_server_reflection([SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME], server)
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        if identity is None:
            server.add_insecure_port(address)
        else:
            server.add_secure_port(address, _mutual_tls(identity))
    except RuntimeError as error:
        raise SettingsError(f"cannot listen on {address} for gRPC; set GRPC_PORT") from error
    await server.start()
    await healthy.set(SERVICE, health_pb2.HealthCheckResponse.SERVING)
    yield
    await healthy.enter_graceful_shutdown()
    await server.stop(DRAIN_S)
