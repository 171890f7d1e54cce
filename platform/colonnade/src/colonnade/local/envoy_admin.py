"""Asks the admin interface of an Envoy on this machine."""

import asyncio
import http.client
import re
from collections.abc import Mapping

from colonnade.local.ports import HOST

TIMEOUT_S = 2.0

UNREACHABLE = (OSError, http.client.HTTPException)
"""What `call` and `stats` raise where the Envoy does not answer."""

_LINE = re.compile(r'^(\S+): "?([^"\n]*)"?$', re.MULTILINE)


async def call(port: int, method: str, path: str) -> str:
    """Return the body of the answer. Raises one of `UNREACHABLE`."""
    return await asyncio.to_thread(_call, port, method, path)


async def stats(port: int, pattern: str) -> Mapping[str, str]:
    """Return the counters, gauges and texts whose names hold the regular expression `pattern`."""
    return dict(_LINE.findall(await call(port, "GET", f"/stats?filter={pattern}")))


def _call(port: int, method: str, path: str) -> str:
    connection = http.client.HTTPConnection(HOST, port, timeout=TIMEOUT_S)
    try:
        connection.request(method, path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()
