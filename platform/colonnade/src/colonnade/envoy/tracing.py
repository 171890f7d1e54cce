"""The W3C trace context that a request carries all the way down, and the edge's own span of it."""

from colonnade.envoy.message import Json, socket_address, typed
from colonnade.ir.platform import Platform
from colonnade.ir.target import Target

TRACES = "traces"
SERVICE = "edge"
COLLECTOR_S = "1s"

# A trace is unique by microsecond and 32 random bits, its first span by being the only one of the edge.
# Made of what is at hand, because a tracer that exports nothing costs as much as a seventh of the edge's
# whole work, and each look at the clock as much as a sixtieth.
TRACEPARENT = "00-%REQ(X-REQUEST-ID):8%%START_TIME(%s%9f)%00000-%REQ(X-REQUEST-ID):8%00000001-00"

URL = "%REQ(:SCHEME)%://%REQ(:AUTHORITY)%%PATH(NQ:ORIG_OR_PATH)%"
"""What a span tells of the address; Envoy's own tag has the query, and in it the code of a login."""

FLUSH = {"tracing.opentelemetry.min_flush_spans": 50, "tracing.opentelemetry.flush_interval_ms": 1000}
"""Each worker sends so many spans at once, and what it has after so many milliseconds."""


def traced(platform: Platform) -> bool:
    """Return whether Envoy itself makes the trace context.

    Where proxies in front are trusted, theirs is continued, whether or not anything is sent.
    """
    return platform.traces is not None or platform.edge.trusted_hops > 0


def tracer(platform: Platform) -> Json:
    """Return the connection manager's tracer, where there is one; without a collector nothing is sampled."""
    if not traced(platform):
        return {}
    collector = {"uri": f"http://{TRACES}/v1/traces", "cluster": TRACES, "timeout": COLLECTOR_S}
    config = typed(
        "envoy.config.trace.v3.OpenTelemetryConfig",
        service_name=SERVICE,
        http_service={"http_uri": collector},
    )
    provider = {"name": "envoy.tracers.opentelemetry", "typed_config": config}
    sampling = platform.traces.sampling if platform.traces else 0
    return {
        "tracing": {
            "provider": provider,
            "random_sampling": {"value": sampling * 100},
            "custom_tags": [{"tag": "http.url", "value": URL}],
        }
    }


def span_name(route: str, platform: Platform) -> Json:
    """Return the setting of the route of this name that names the edge's span."""
    return {"decorator": {"operation": route, "propagate": False}} if platform.traces else {}


def collector_cluster(target: Target) -> Json:
    """Return the cluster of the collector. The tracer wants one to exist, whether or not it is ever asked."""
    address = target.collector
    endpoints = [{"endpoint": {"address": socket_address(address)}}] if address else []
    return typed(
        "envoy.config.cluster.v3.Cluster",
        name=TRACES,
        type="STRICT_DNS" if address else "STATIC",
        connect_timeout=COLLECTOR_S,
        load_assignment={
            "cluster_name": TRACES,
            "endpoints": [{"lb_endpoints": endpoints}] if address else [],
        },
    )


def flushing(platform: Platform) -> Json:
    """Return the bootstrap's settings of how spans are sent."""
    if platform.traces is None:
        return {}
    layers = [{"name": "tracing", "static_layer": FLUSH}, {"name": "admin", "admin_layer": {}}]
    return {"layered_runtime": {"layers": layers}}


def trace_header(platform: Platform) -> Json:
    """Return the routes' setting that begins a trace context, where no tracer does."""
    if traced(platform):
        return {}
    header = {"key": "traceparent", "value": TRACEPARENT}
    return {"request_headers_to_add": [{"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}]}
