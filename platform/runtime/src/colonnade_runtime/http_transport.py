"""The transport of a process: pooled HTTP/1.1 connections in Rust."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import cast

from colonnade_runtime.errors import UpstreamTimeout, UpstreamTooLarge, UpstreamUnreachable
from colonnade_runtime.request import EXPECTED
from colonnade_runtime.upstream import Balance, Call, Reply, Transport
from colonnade_runtime.upstream.balance import Spread, balanced
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError, RequestTimeoutError
from pyreqwest.request import StreamRequest
from pyreqwest.response import Response

CONNECT_S = 1.0
"""A service in the same data centre accepts a connection sooner, or not at all."""


MAX_ANSWER = 8 * 1024 * 1024
"""The bytes of one answer: more than any screen shows, less than what would hurt the process."""


NO_BALANCES: Mapping[str, Balance] = {}


class HttpTransport:
    """Sends calls to the services at `urls`; an answer of more than `max_answer` bytes is not read."""

    def __init__(self, client: Client, urls: Mapping[str, str], max_answer: int = MAX_ANSWER) -> None:
        self._client = client
        self._urls = urls
        self._max_answer = max_answer
        self._clock = asyncio.get_running_loop().time

    async def send(self, call: Call) -> Reply:
        """Send a call. Raises `UpstreamTimeout`, `UpstreamUnreachable` or `UpstreamTooLarge`."""
        left = call.ends - self._clock()
        if left <= 0:
            raise UpstreamTimeout(call.service, "no time was left to ask")
        try:
            async with self._built(call, left) as response:
                length = response.get_header("content-length")
                if length is not None and int(length) <= self._max_answer:
                    # A buffer in Rust's memory, which msgspec reads where it is.
                    return Reply(response.status, cast("bytes", await response.bytes()))
                return Reply(response.status, await self._bounded(call, response, length))
        except RequestTimeoutError as error:
            raise UpstreamTimeout(call.service, f"no answer within {left:.3f} s") from error
        except PyreqwestError as error:
            raise UpstreamUnreachable(call.service, str(error)) from error

    def _built(self, call: Call, left: float) -> StreamRequest:
        ask = call.ask
        url = self._urls.get(ask.service)
        if url is None:
            raise UpstreamUnreachable(ask.service, "the application does not name it in `services`")
        request = self._client.request(ask.method, url + call.target).headers(call.headers)
        if call.body is not None:
            request = request.body_bytes(call.body)
        request = request.header(EXPECTED, str(int(left * 1000))).timeout(timedelta(0, left))
        return request.build_streamed()

    async def _bounded(self, call: Call, response: Response, length: str | None) -> bytes:
        """Read what may turn out to be too much."""
        pieces: list[bytes] = []
        room = self._max_answer if length is None else 0
        while (piece := await response.body_reader.read_chunk()) is not None:
            room -= len(piece)
            if room < 0:
                raise UpstreamTooLarge(call.service, f"more than {self._max_answer} bytes")
            pieces.append(bytes(piece))
        return b"".join(pieces)


@asynccontextmanager
async def connected(
    upstreams: Mapping[str, Sequence[str]], balances: Mapping[str, Balance] = NO_BALANCES
) -> AsyncIterator[Transport]:
    """A transport to the instances of the services; it follows no redirects and knows no proxy.

    Its connections are closed at the end.
    """
    builder = ClientBuilder().http1_only().no_proxy().follow_redirects(enable=False)
    builder = builder.connect_timeout(timedelta(seconds=CONNECT_S)).tcp_nodelay(enabled=True)
    async with builder.build() as client:
        plain = HttpTransport(client, {service: urls[0] for service, urls in upstreams.items()})
        several = {
            service: balanced(
                [HttpTransport(client, {service: url}).send for url in urls],
                balances.get(service, Balance()),
                asyncio.get_running_loop().time,
            )
            for service, urls in upstreams.items()
            if len(urls) > 1
        }
        yield Spread(several, plain) if several else plain
