"""The W3C trace context that a request carries all the way down."""

from colonnade.envoy.clusters import TRACES
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform

# A trace is unique by microsecond and 32 random bits, its first span by being the only one of the edge.
# Made of what is at hand, because a tracer that exports nothing costs as much as a seventh of the edge's
# whole work, and each look at the clock as much as a sixtieth.
TRACEPARENT = "00-%REQ(X-REQUEST-ID):8%%START_TIME(%s%9f)%00000-%REQ(X-REQUEST-ID):8%00000001-00"


def tracer(platform: Platform) -> Json:
    """Return the connection manager's tracer where proxies in front are trusted: theirs is continued.

    Nothing is sampled, so nothing is sent.
    """
    if not platform.edge.trusted_hops:
        return {}
    collector = {"uri": f"http://{TRACES}/v1/traces", "cluster": TRACES, "timeout": "1s"}
    config = typed(
        "envoy.config.trace.v3.OpenTelemetryConfig",
        service_name=platform.name,
        http_service={"http_uri": collector},
    )
    provider = {"name": "envoy.tracers.opentelemetry", "typed_config": config}
    return {"tracing": {"provider": provider, "random_sampling": {"value": 0}}}


def trace_header(platform: Platform) -> Json:
    """Return the routes' setting that begins a trace context, where no tracer does."""
    if platform.edge.trusted_hops:
        return {}
    header = {"key": "traceparent", "value": TRACEPARENT}
    return {"request_headers_to_add": [{"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}]}
