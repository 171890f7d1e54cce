"""The same view by hand, on the connections of the runtime: what all else in the runtime costs over this."""

import asyncio

import uvloop
from colonnade_runtime.http_transport import HttpTransport
from colonnade_runtime.upstream import Ask, Call

from colonnade_bench.bffs import by_hand

WITHIN_S = 2.0
ASKS = {service: Ask(service, "GET", "") for service in ("user", "order", "product")}


class Handler(by_hand.Handler):
    """The RSGI application."""

    def __init__(self, transport: HttpTransport) -> None:
        self._transport = transport
        self._clock = asyncio.get_running_loop().time

    async def _get(self, service: str, target: str, headers: dict[str, str]) -> bytes:
        now = self._clock()
        call = Call(ASKS[service], target, headers, None, now, now + WITHIN_S, {})
        return (await self._transport.send(call)).body


async def main() -> None:
    """Serve until stopped."""
    await by_hand.serve(Handler(HttpTransport(by_hand.urls())))


if __name__ == "__main__":
    uvloop.run(main())
