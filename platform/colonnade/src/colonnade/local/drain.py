"""Lets an edge finish the requests under way before it is stopped."""

import asyncio
import contextlib
import http.client
import re
import time

from colonnade.local.ports import HOST

MOST_S = 5.0
EVERY_S = 0.05
_ACTIVE = re.compile(r"^http\.(?!admin\.)\S+\.downstream_rq_active: (\d+)$", re.MULTILINE)


async def drain(admin_port: int, most_s: float = MOST_S) -> None:
    """Have the Envoy fail its health check, close idle connections, and return when no request is under way.

    Returns after `most_s` seconds in any case, and at once where the Envoy does not answer.
    """
    deadline = time.monotonic() + most_s
    with contextlib.suppress(OSError, http.client.HTTPException):
        await asyncio.to_thread(_call, admin_port, "POST", "/healthcheck/fail")
        await asyncio.to_thread(_call, admin_port, "POST", "/drain_listeners?graceful&skip_exit")
        while await _active(admin_port) and time.monotonic() < deadline:  # noqa: ASYNC110 - Envoy sends no event
            await asyncio.sleep(EVERY_S)


async def _active(admin_port: int) -> int:
    stats = await asyncio.to_thread(_call, admin_port, "GET", "/stats?filter=downstream_rq_active")
    return sum(int(count) for count in _ACTIVE.findall(stats))


def _call(port: int, method: str, path: str) -> str:
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request(method, path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()
