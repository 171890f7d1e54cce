"""A span of each gRPC call that the edge has sampled, as `service_kit.tracing` makes one of each request."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc

from service_kit import tracing

Context = grpc.aio.ServicerContext[Any, Any]
Handler = Any
"""A `grpc.RpcMethodHandler`: at run time a named tuple, which its stubs do not say."""
OK, CANCELLED, UNKNOWN = 0, 1, 2
FAILURES = {UNKNOWN, 4, 12, 13, 14, 15}
"""What is the server's fault: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS."""


class Traces(grpc.aio.ServerInterceptor):
    """Makes the spans of one service's calls; a stream's lasts until it ends."""

    def __init__(self, service: str, exporter: tracing.Exporter) -> None:
        self._service = service
        self._exporter = exporter

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Return what answers the call."""
        handler = await continuation(handler_call_details)
        _, service, method = str(handler_call_details.method).split("/")
        told = {name: str(value) for name, value in handler_call_details.invocation_metadata or ()}
        parent = tracing.sampled({b"traceparent": told.get("traceparent", "").encode()})
        if service != self._service or handler is None or parent is None:
            return handler
        return self._traced(handler, parent, method)

    def _traced(self, handler: Handler, parent: tuple[str, str], method: str) -> Handler:
        kind = next(name for name in KINDS if getattr(handler, name))
        behaviour = getattr(handler, kind)

        async def answer(request: Any, context: Context) -> Any:  # noqa: ANN401 - any message
            with self._span(parent, method, context):
                return await behaviour(request, context)

        async def stream(request: Any, context: Context) -> AsyncIterator[Any]:  # noqa: ANN401 - as above
            with self._span(parent, method, context):
                async for message in behaviour(request, context):
                    yield message

        return handler._replace(**{kind: stream if handler.response_streaming else answer})

    @contextmanager
    def _span(self, parent: tuple[str, str], method: str, context: Context) -> Iterator[None]:
        began, ended = time.time_ns(), UNKNOWN
        try:
            yield
            ended = OK
        except (asyncio.CancelledError, GeneratorExit):
            ended = CANCELLED
            raise
        finally:
            said: Any = context.code()  # None, a number or a StatusCode
            code = (said.value[0] if isinstance(said, grpc.StatusCode) else said) or ended
            attributes = [
                tracing.text("rpc.system", "grpc"),
                tracing.text("rpc.service", self._service),
                tracing.text("rpc.method", method),
                tracing.number("rpc.grpc.status_code", code),
            ]
            name = f"{self._service}/{method}"
            self._exporter.add(tracing.span(parent, name, began, attributes, failed=code in FAILURES))


KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
