"""How much one edge has open towards one cluster at a time."""

from colonnade.envoy.message import Json
from colonnade.ir.health import Bounds

MAX_STREAMS = 20_000
"""Streams that one edge holds open towards one BFF."""
STREAMS: Json = {
    "max_connections": MAX_STREAMS,
    "max_pending_requests": MAX_STREAMS,
    "max_requests": MAX_STREAMS,
}
MIN_RETRIES = 50
"""Further tries that may run however little is under way: what an instance had under way when it died."""


def bounds(allowed: Bounds) -> Json:
    """One slow upstream must not take all that the edge has; a retry storm must not finish it off."""
    return {
        "max_connections": allowed.connections,
        "max_pending_requests": allowed.pending,
        # Over HTTP/2 one connection has many requests.
        "max_requests": allowed.connections + allowed.pending,
        "retry_budget": {"budget_percent": {"value": allowed.retries}, "min_retry_concurrency": MIN_RETRIES},
    }
