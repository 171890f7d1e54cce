"""Lets an edge finish the requests under way before it is stopped."""

import asyncio
import contextlib
import time

from colonnade.local.envoy_admin import UNREACHABLE, call, stats

MOST_S = 5.0
EVERY_S = 0.05
ACTIVE = "downstream_rq_active"


async def drain(admin_port: int, most_s: float = MOST_S) -> None:
    """Have the Envoy fail its health check, close idle connections, and return when no request is under way.

    Returns after `most_s` seconds in any case, and at once where the Envoy does not answer.
    """
    deadline = time.monotonic() + most_s
    with contextlib.suppress(*UNREACHABLE):
        await call(admin_port, "POST", "/healthcheck/fail")
        await call(admin_port, "POST", "/drain_listeners?graceful&skip_exit")
        while await _active(admin_port) and time.monotonic() < deadline:  # noqa: ASYNC110 - Envoy sends no event
            await asyncio.sleep(EVERY_S)


async def _active(admin_port: int) -> int:
    found = await stats(admin_port, f"^http.*{ACTIVE}$")
    return sum(int(count) for name, count in found.items() if not name.startswith("http.admin."))
