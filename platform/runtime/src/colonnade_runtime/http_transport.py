"""The transport of a process: calls as HTTP/1.1 requests, on connections that are kept."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, closing
from urllib.parse import urlsplit

from colonnade_runtime.connections.connection import TooLarge
from colonnade_runtime.connections.deadlines import Deadlines
from colonnade_runtime.connections.pool import Pool
from colonnade_runtime.errors import UpstreamTimeout, UpstreamTooLarge, UpstreamUnreachable
from colonnade_runtime.request import EXPECTED
from colonnade_runtime.upstream import Balance, Call, Reply, Transport
from colonnade_runtime.upstream.balance import Spread, balanced
from colonnade_runtime.upstream.call import IDEMPOTENT

MAX_ANSWER = 8 * 1024 * 1024
"""The bytes of one answer: more than any screen shows, less than what would hurt the process."""
NO_BALANCES: Mapping[str, Balance] = {}


class Origin:
    """Where a service is: its connections, and how requests to it begin."""

    def __init__(self, url: str, deadlines: Deadlines, max_answer: int) -> None:
        parts = urlsplit(url)
        tls = ssl.create_default_context() if parts.scheme == "https" else None
        port = parts.port or (443 if tls else 80)
        self.path = parts.path
        self.host = parts.netloc.rpartition("@")[2]
        self.pool = Pool(parts.hostname or "", port, tls, deadlines, max_answer)


class HttpTransport:
    """Sends calls to the services at `urls`; an answer of more than `max_answer` bytes is not read."""

    def __init__(self, urls: Mapping[str, str], max_answer: int = MAX_ANSWER) -> None:
        deadlines = Deadlines()
        self._origins = {name: Origin(url, deadlines, max_answer) for name, url in urls.items()}
        self._max_answer = max_answer
        self._clock = asyncio.get_running_loop().time

    async def send(self, call: Call) -> Reply:
        """Send a call. Raises `UpstreamTimeout`, `UpstreamUnreachable` or `UpstreamTooLarge`."""
        ask = call.ask
        left = call.ends - self._clock()
        if left <= 0:
            raise UpstreamTimeout(ask.service, "no time was left to ask")
        origin = self._origins.get(ask.service)
        if origin is None:
            raise UpstreamUnreachable(ask.service, "the application does not name it in `services`")
        request = _request(call, origin, left)
        try:
            return await origin.pool.ask(request, call.ends, repeatable=ask.method in IDEMPOTENT)
        except TimeoutError as error:
            raise UpstreamTimeout(ask.service, f"no answer within {left:.3f} s") from error
        except TooLarge as error:
            raise UpstreamTooLarge(ask.service, f"more than {self._max_answer} bytes") from error
        except OSError as error:
            raise UpstreamUnreachable(ask.service, str(error)) from error

    def close(self) -> None:
        """Close all connections."""
        for origin in self._origins.values():
            origin.pool.close()


def _request(call: Call, origin: Origin, left: float) -> bytes:
    """Return what is sent. Raises `ValueError` for a header that would be more than one."""
    lines = [
        f"{call.ask.method} {origin.path}{call.target} HTTP/1.1",
        f"host: {origin.host}",
        f"{EXPECTED}: {int(left * 1000)}",
    ]
    lines += [f"{name}: {value}" for name, value in call.headers.items()]
    body = call.body
    if body is not None:
        lines.append(f"content-length: {len(body)}")
    head = "\r\n".join(lines)
    if head.count("\n") >= len(lines):
        raise ValueError(f"a line break in a header to {call.ask.service}")
    return f"{head}\r\n\r\n".encode() + (body or b"")


@asynccontextmanager
async def connected(
    upstreams: Mapping[str, Sequence[str]], balances: Mapping[str, Balance] = NO_BALANCES
) -> AsyncIterator[Transport]:
    """A transport to the instances of the services; it follows no redirects and knows no proxy.

    Its connections are closed at the end.
    """
    with ExitStack() as stack:

        def transport(urls: Mapping[str, str]) -> HttpTransport:
            return stack.enter_context(closing(HttpTransport(urls)))

        plain = transport({service: urls[0] for service, urls in upstreams.items()})
        several = {
            service: balanced(
                [transport({service: url}).send for url in urls],
                balances.get(service, Balance()),
                asyncio.get_running_loop().time,
            )
            for service, urls in upstreams.items()
            if len(urls) > 1
        }
        yield Spread(several, plain) if several else plain
