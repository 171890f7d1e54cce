"""Reads what the console shows."""

import time

from redis.asyncio import Redis
from redis.exceptions import RedisError

from colonnade_edge.authn.api_key import KEY_PREFIX
from colonnade_edge.console.keys import SCAN_BATCH
from colonnade_edge.console.models import Health, LimitView, RouteList, RouteView
from colonnade_policy import Limit, PolicyDocument
from colonnade_policy.limits.rule import SECOND_US


def routes(document: PolicyDocument | None) -> RouteList:
    """Return the routes of a document, sorted by name."""
    if document is None:
        return RouteList(revision="", items=())
    views = [
        RouteView(
            id=name,
            bff=route.bff,
            auth=route.auth,
            scopes=route.scopes,
            limits=tuple(_limit(limit) for limit in route.limits),
        )
        for name, route in sorted(document.routes.items())
    ]
    return RouteList(revision=document.revision, items=tuple(views))


async def health(redis: Redis, document: PolicyDocument | None) -> Health:
    """Return what answers, and how fast."""
    started = time.perf_counter()
    try:
        await redis.ping()
        round_trip = round((time.perf_counter() - started) * 1000, 2)
        keys = len([name async for name in redis.scan_iter(match=f"{KEY_PREFIX}*", count=SCAN_BATCH)])
    except (RedisError, OSError, TimeoutError):
        round_trip, keys = None, None
    return Health(
        status="ok" if keys is not None and document is not None else "degraded",
        store="down" if keys is None else "up",
        store_round_trip_ms=round_trip,
        policy_revision=None if document is None else document.revision,
        keys=keys,
    )


def _limit(limit: Limit) -> LimitView:
    return LimitView(
        name=limit.label,
        algorithm=limit.rule.algorithm,
        rate=limit.rule.rate,
        period_s=limit.rule.period_us / SECOND_US,
        burst=limit.rule.burst,
        policy=limit.policy,
        key=limit.key,
        on_store_failure=limit.on_store_failure,
    )
