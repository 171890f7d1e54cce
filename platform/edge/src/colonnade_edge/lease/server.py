"""The gRPC face of the leases: Envoy's external processor, one call for each open stream."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc

from colonnade_edge.errors import SettingsError
from colonnade_edge.lease import header
from colonnade_edge.lease.leases import Leases
from colonnade_edge.lease.proto import lease_pb2 as pb
from colonnade_edge.revocation.provenance import Provenance
from colonnade_edge.settings import Listen

SERVICE = "envoy.service.ext_proc.v3.ExternalProcessor"

OPTIONS = [
    ("grpc.so_reuseport", 0),
    # Envoy asks each second whether we are there, whether or not anything else is said.
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.keepalive_permit_without_calls", 1),
    # And an Envoy whose machine is gone must not leave its leases here.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
]

_GRANTED = pb.ProcessingResponse(request_headers=pb.HeadersResponse())
_NOTED = pb.ProcessingResponse(response_trailers=pb.TrailersResponse())

Context = grpc.aio.ServicerContext[pb.ProcessingRequest, pb.ProcessingResponse]


class LeaseServer:
    """Answers the headers of a request, then says nothing until the stream or its credential ends."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases

    async def process(self, _: object, context: Context) -> None:
        """Hold one lease; end the call with PERMISSION_DENIED where the credential ends first."""
        first = await context.read()
        credential = _credential(first)
        if credential is None:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the request names no lease")
        lease = self._leases.open(credential)
        following = asyncio.ensure_future(context.read())
        try:
            await context.write(_GRANTED)
            await asyncio.wait((lease.ended, following), return_when=asyncio.FIRST_COMPLETED)
            if lease.ended.done():
                await context.abort(grpc.StatusCode.PERMISSION_DENIED, lease.ended.result())
            if isinstance(following.result(), pb.ProcessingRequest):
                await context.write(_NOTED)  # trailers: the stream is over
        finally:
            following.cancel()
            self._leases.close(lease)


def _credential(request: object) -> Provenance | None:
    if not isinstance(request, pb.ProcessingRequest):
        return None
    try:
        return header.read(request.request_headers.headers.headers[0].raw_value)
    except (IndexError, ValueError):
        return None


@asynccontextmanager
async def serving(leases: Leases, listen: Listen | None) -> AsyncIterator[None]:
    """Serve within the context, where `listen` says so; every stream ends with it.

    Raises `SettingsError` where the port is taken.
    """
    if listen is None:
        yield
        return
    server = grpc.aio.server(options=OPTIONS)
    handler: Any = grpc.stream_stream_rpc_method_handler(
        LeaseServer(leases).process,
        request_deserializer=pb.ProcessingRequest.FromString,
        response_serializer=pb.ProcessingResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"Process": handler}),))
    address = f"[{listen.host}]:{listen.port}" if ":" in listen.host else f"{listen.host}:{listen.port}"
    try:
        server.add_insecure_port(address)
    except RuntimeError as error:
        raise SettingsError(f"cannot listen on {address} for leases; set LEASE_PORT") from error
    await server.start()
    try:
        yield
    finally:
        await server.stop(None)
