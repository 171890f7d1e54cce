"""What one edge does when its connections or its memory run out."""

from colonnade.envoy.message import Json, duration, typed
from colonnade.ir.platform import Edge

MONITORS = "envoy.extensions.resource_monitors"
HEAP = "envoy.resource_monitors.fixed_heap"
CONNECTIONS = "envoy.resource_monitors.global_downstream_max_connections"
OVERLOADED = "overload"
"""Begins the details of a refusal because memory runs out."""
REFRESH_S = 0.25
SHORTEST_IDLE_S = 2.0


def overload_manager(edge: Edge) -> Json:
    """Return both bounds: of connections, and of the heap, near which more and more is given up.

    First buffers are given back and clients that say nothing are let go; then clients have to connect
    anew, which balances; at last requests are refused.
    """
    return {
        "refresh_interval": duration(REFRESH_S),
        "resource_monitors": [
            _monitor(HEAP, "fixed_heap.v3.FixedHeapConfig", max_heap_size_bytes=edge.max_memory),
            _monitor(
                CONNECTIONS,
                "downstream_connections.v3.DownstreamConnectionsConfig",
                max_active_downstream_connections=edge.max_connections,
            ),
        ],
        "actions": [
            _action("shrink_heap", {"threshold": {"value": 0.85}}),
            _action("reduce_timeouts", {"scaled": _between(0.85, 0.95)}) | {"typed_config": _reduced()},
            _action("disable_http_keepalive", {"threshold": {"value": 0.92}}),
            _action("stop_accepting_requests", {"threshold": {"value": 0.97}}),
        ],
    }


def _monitor(name: str, message: str, **bound: int) -> Json:
    return {"name": name, "typed_config": typed(f"{MONITORS}.{message}", **bound)}


def _action(name: str, trigger: Json) -> Json:
    return {"name": f"envoy.overload_actions.{name}", "triggers": [{"name": HEAP, **trigger}]}


def _between(begin: float, end: float) -> Json:
    return {"scaling_threshold": begin, "saturation_threshold": end}


def _reduced() -> Json:
    shortest = {"min_timeout": duration(SHORTEST_IDLE_S)}
    timers = (
        "HTTP_DOWNSTREAM_CONNECTION_IDLE",
        "HTTP_DOWNSTREAM_STREAM_IDLE",
        "HTTP_DOWNSTREAM_STREAM_FLUSH",
    )
    return typed(
        "envoy.config.overload.v3.ScaleTimersOverloadActionConfig",
        timer_scale_factors=[{"timer": timer, **shortest} for timer in timers],
    )
