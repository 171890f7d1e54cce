"""A policy service as gateways' plugins are written: one call of Redis for each request, awaited.

It decides and tells the same as ours: the same script, rules and headers. Run as `python -m
colonnade_bench.naive` with `PORT`, `STORE_URL` and `POLICY_FILE`.
"""

import os
import struct
from pathlib import Path
from typing import Any

import httpx
import uvloop
from granian.constants import Interfaces
from redis.asyncio import Redis

from colonnade_edge.authn.jwt import identify
from colonnade_edge.call import Call
from colonnade_edge.limits.headers import limit_headers
from colonnade_edge.policy.plan import plan
from colonnade_edge.server import serve
from colonnade_edge.settings import Listen
from colonnade_policy import decode
from colonnade_policy.limits import SCRIPT, Outcome

COST = struct.pack("<d", 1)


class Naive:
    """The RSGI application."""

    def __init__(self, redis: Redis, policy: Path) -> None:
        self._script = redis.register_script(SCRIPT)
        document = decode(policy.read_bytes())
        self._plan = plan(document)
        self._keys = httpx.get(f"{document.identity.issuer}/jwks").content

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:  # noqa: ANN401 - RSGI has no public types
        """Count one request, or give Envoy the keys that it verifies tokens with."""
        if scope.path == "/jwks":
            protocol.response_bytes(200, [], self._keys)
            return
        route = scope.headers.get("x-colonnade-route", "")
        if route not in self._plan.routes:
            protocol.response_empty(200, [])
            return
        limits = self._plan.routes[route].limits
        call = Call(route, scope.method, scope.path, scope.headers)
        call.identity = identify(scope.headers.get("x-colonnade-jwt", ""), self._plan.document.identity)
        assert limits is not None  # noqa: S101 - the manifest of this benchmark has one
        selection = limits.select(call)
        keys = [limit.key_of(call) for limit in selection.limits]
        found = await self._script(keys=keys, args=[COST + selection.packed])
        outcomes = [Outcome(*found[at : at + 3]) for at in range(0, len(found), 3)]
        told = limit_headers(list(zip(selection.limits, outcomes, strict=True)), selection.policy_field)
        protocol.response_empty(200, [*call.identity.headers, *told])


async def main() -> None:
    """Serve until stopped."""
    redis = Redis.from_url(os.environ["STORE_URL"], protocol=2)
    application = Naive(redis, Path(os.environ["POLICY_FILE"]))
    await serve(application, Listen(os.environ["HOST"], int(os.environ["PORT"])), Interfaces.RSGI)
    await redis.aclose()


if __name__ == "__main__":
    uvloop.run(main())
