"""How much one edge has open towards one cluster at a time."""

from colonnade.envoy.message import Json

MAX_STREAMS = 20_000
"""Streams that one edge holds open; it has no more connections than that."""
STREAMS: Json = {
    "max_connections": MAX_STREAMS,
    "max_pending_requests": MAX_STREAMS,
    "max_requests": MAX_STREAMS,
}


def bounds() -> Json:
    """One slow upstream must not take all that the edge has; a retry storm must not finish it off."""
    return {
        "max_connections": 1024,
        "max_pending_requests": 1024,
        "max_requests": 4096,
        "retry_budget": {"budget_percent": {"value": 20.0}, "min_retry_concurrency": 5},
    }
