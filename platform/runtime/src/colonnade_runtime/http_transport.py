"""The transport of a process: pooled HTTP/1.1 connections in Rust."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import cast

from colonnade_runtime.errors import UpstreamTimeout, UpstreamUnreachable
from colonnade_runtime.upstream import Call, Reply
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError, RequestTimeoutError

CONNECT_S = 1.0
"""A service in the same data centre accepts a connection sooner, or not at all."""


class HttpTransport:
    """Sends calls to the services at `urls`."""

    def __init__(self, client: Client, urls: Mapping[str, str]) -> None:
        self._client = client
        self._urls = urls

    async def send(self, call: Call) -> Reply:
        """Send a call. Raises `UpstreamTimeout` or `UpstreamUnreachable`."""
        if call.service not in self._urls:
            raise UpstreamUnreachable(call.service, "the application does not name it in `services`")
        request = self._client.request(call.method, self._urls[call.service] + call.target)
        request = request.headers(call.headers).timeout(timedelta(seconds=call.timeout))
        if call.body is not None:
            request = request.body_bytes(call.body)
        try:
            response = await request.build().send()
            body = await response.bytes()
        except RequestTimeoutError as error:
            raise UpstreamTimeout(call.service, f"no answer within {call.timeout:.3f} s") from error
        except PyreqwestError as error:
            raise UpstreamUnreachable(call.service, str(error)) from error
        # A buffer in Rust's memory, which msgspec reads where it is.
        return Reply(response.status, cast("bytes", body))


@asynccontextmanager
async def connected(urls: Mapping[str, str]) -> AsyncIterator[HttpTransport]:
    """A transport whose connections are closed at the end; it follows no redirects and knows no proxy."""
    builder = ClientBuilder().http1_only().no_proxy().follow_redirects(enable=False)
    builder = builder.connect_timeout(timedelta(seconds=CONNECT_S)).tcp_nodelay(enabled=True)
    async with builder.build() as client:
        yield HttpTransport(client, urls)
