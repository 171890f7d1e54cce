"""The transport of a process: calls as HTTP/1.1 requests, on connections that are kept."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, closing
from urllib.parse import urlsplit

from colonnade_runtime.connections.connection import Stale, TooLarge
from colonnade_runtime.connections.deadlines import Deadlines
from colonnade_runtime.connections.pool import Pool
from colonnade_runtime.errors import UpstreamTimeout, UpstreamTooLarge, UpstreamUnreachable
from colonnade_runtime.peers import NO_PEERS, Peers
from colonnade_runtime.request import EXPECTED
from colonnade_runtime.upstream import Balance, Call, Reply
from colonnade_runtime.upstream.balance import Balanced
from colonnade_runtime.upstream.call import Headers
from colonnade_runtime.upstream.health import Health, watch
from colonnade_runtime.upstream.spread import Spread

MAX_ANSWER = 8 * 1024 * 1024
"""The bytes of one answer: more than any screen shows, less than what would hurt the process."""
NO_BALANCES: Mapping[str, Balance] = {}
NO_CHECKS: Mapping[str, Health] = {}


class HttpTransport:
    """Sends calls to the services at `urls`; an answer of more than `max_answer` bytes is not read."""

    def __init__(
        self, urls: Mapping[str, str], max_answer: int = MAX_ANSWER, peers: Peers = NO_PEERS
    ) -> None:
        deadlines = Deadlines()
        self._origins = {
            name: (Pool(url, deadlines, max_answer, *peers.met_as(name)), urlsplit(url).path)
            for name, url in urls.items()
        }
        self._max_answer = max_answer
        self._clock = asyncio.get_running_loop().time

    async def send(self, call: Call) -> Reply:
        """Send a call. Raises `UpstreamTimeout`, `UpstreamUnreachable` or `UpstreamTooLarge`."""
        service = call.ask.service
        now = self._clock()
        left = call.ends - now
        if left <= 0:
            raise UpstreamTimeout(service, "no time was left to ask")
        if service not in self._origins:
            raise UpstreamUnreachable(service, "the application does not name it in `services`")
        pool, path = self._origins[service]
        request = _request(call, pool.host, path, left)
        try:
            return await _asked(pool, request, call, now)
        except TimeoutError as error:
            raise UpstreamTimeout(service, f"no answer within {left:.3f} s") from error
        except TooLarge as error:
            raise UpstreamTooLarge(service, f"more than {self._max_answer} bytes") from error
        except OSError as error:
            raise UpstreamUnreachable(service, str(error)) from error

    def close(self) -> None:
        """Close all connections."""
        for pool, _ in self._origins.values():
            pool.close()


async def _asked(pool: Pool, request: bytes, call: Call, now: float) -> Reply:
    """Return the answer. Raises as a connection does.

    A kept connection may have been closed just now: what may be sent twice is then sent on a new one.
    """
    connection = pool.kept(now)
    if connection is not None:
        try:
            return await connection.ask(request, call.ends)
        except Stale:
            if not call.idempotent:
                raise
    connection = await pool.connected(call.ends)
    return await connection.ask(request, call.ends)


def _request(call: Call, host: str, path: str, left: float) -> bytes:
    """Return what is sent. Raises `ValueError` for a header that would be more than one."""
    headers, body = call.headers, call.body
    lines = (headers if isinstance(headers, Headers) else Headers(headers)).lines
    length = "" if body is None else f"content-length: {len(body)}\r\n"
    head = (
        f"{call.ask.method} {path}{call.target} HTTP/1.1\r\nhost: {host}\r\n"
        f"{EXPECTED}: {int(left * 1000)}\r\n{lines}{length}\r\n"
    )
    return head.encode() if body is None else head.encode() + body


@asynccontextmanager
async def connected(
    upstreams: Mapping[str, Sequence[str]],
    balances: Mapping[str, Balance] = NO_BALANCES,
    peers: Peers = NO_PEERS,
    health: Mapping[str, Health] = NO_CHECKS,
) -> AsyncIterator[Spread]:
    """A transport to the instances of the services; it follows no redirects and knows no proxy.

    Services of several instances that are in `health` are asked how they are. All ends at the end.
    """
    clock = asyncio.get_running_loop().time
    with ExitStack() as stack:

        def transport(urls: Mapping[str, str]) -> HttpTransport:
            return stack.enter_context(closing(HttpTransport(urls, peers=peers)))

        plain = transport({service: urls[0] for service, urls in upstreams.items()})
        several = {
            service: Balanced(
                [transport({service: url}).send for url in urls],
                balances.get(service, Balance()),
                clock,
                slow_start=health[service].slow_start if service in health else 0.0,
            )
            for service, urls in upstreams.items()
            if len(urls) > 1
        }
        for service in several.keys() & health.keys():
            for instance in several[service].instances:
                watching = asyncio.create_task(watch(service, instance, health[service], clock))
                stack.callback(watching.cancel)
        yield Spread(several, plain)
