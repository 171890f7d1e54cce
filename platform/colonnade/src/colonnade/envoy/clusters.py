"""Upstream clusters: every BFF, and the policy service."""

from collections.abc import Sequence
from ipaddress import ip_address

from colonnade.envoy.message import Json, duration, socket_address, typed
from colonnade.ir.platform import Platform
from colonnade.ir.target import Address, Target

CLUSTER = "envoy.config.cluster.v3.Cluster"
HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
TRACES = "traces"
LEASE = "lease"
POLICY_CONNECT_S = 0.25
"""A fraction of what a decision may take: where one policy service is gone, another can still be asked."""

HEALTH_INTERVAL_S = 1.0
HEALTH_TIMEOUT_S = 1.0
EJECTED_S = 1.0
PING_S = 0.3
LEASE_PING_S = 1.0
LEASE_PONG_S = 2.0
"""A process that is slow for a moment must not cost its streams, which a lost connection does."""
MAX_STREAMS = 20_000
"""Streams that one edge holds open; it has no more connections than that."""
IDLE_S = 50.0
"""Shorter than the servers' own, so that they rarely close a connection that is about to be used."""


def clusters(platform: Platform, target: Target) -> list[Json]:
    """Return every cluster that a route, or a filter on it, names."""
    found = [_bff(platform, target, bff.name) for bff in platform.bffs]
    found.append(_policy(target.endpoints["policy"]))
    if any(route.leased for route in platform.routes):
        found.append(_lease(target.endpoints[LEASE]))
    if platform.edge.trusted_hops:
        # The tracer wants a collector to exist; this one has no endpoint, and is never sent a span.
        found.append(typed(CLUSTER, name=TRACES, type="STATIC", load_assignment={"cluster_name": TRACES}))
    return found


def _bff(platform: Platform, target: Target, name: str) -> Json:
    # Envoy connects per cluster, not per route: the most patient route of the BFF counts.
    connect = max(route.timeouts.connect_s for route in platform.routes if route.bff == name)
    cluster = _cluster(name, target.endpoints[name], connect, http2=False)
    if any(route.stream for route in platform.routes if route.bff == name):
        # Counted apart, so that open streams take nothing from the BFF's other routes.
        cluster["circuit_breakers"]["thresholds"].append({"priority": "HIGH", **_MANY})
    return cluster


def _policy(addresses: Sequence[Address]) -> Json:
    """Left out at its first failed connection, not when a health check notices: each request asks it.

    A machine that is gone closes no connection: an unanswered ping does, and leaves time to ask another.
    """
    return _watched(_cluster("policy", addresses, POLICY_CONNECT_S, http2=True), PING_S, PING_S)


def _lease(addresses: Sequence[Address]) -> Json:
    """The policy services again, at the port where they hold streams."""
    cluster = _cluster(LEASE, addresses, POLICY_CONNECT_S, http2=True)
    del cluster["health_checks"]
    cluster["circuit_breakers"] = {"thresholds": [_MANY]}
    return _watched(cluster, LEASE_PING_S, LEASE_PONG_S)


def _watched(cluster: Json, ping_s: float, pong_s: float) -> Json:
    http = cluster["typed_extension_protocol_options"][HTTP_OPTIONS]["explicit_http_config"]
    ping = {"interval": duration(ping_s), "timeout": duration(pong_s)}
    http["http2_protocol_options"] = {"connection_keepalive": ping}
    cluster["outlier_detection"] = {
        "split_external_local_origin_errors": True,
        "consecutive_local_origin_failure": 1,
        # A 503 is a decision: who sends unknown tokens while the provider is down must not have us left out.
        "enforcing_consecutive_5xx": 0,
        "base_ejection_time": duration(EJECTED_S),
        "interval": duration(EJECTED_S),
        "max_ejection_percent": 50,
    }
    return cluster


def _cluster(name: str, addresses: Sequence[Address], connect_s: float, *, http2: bool) -> Json:
    protocol = "http2_protocol_options" if http2 else "http_protocol_options"
    options = typed(
        HTTP_OPTIONS,
        common_http_protocol_options={"idle_timeout": duration(IDLE_S)},
        explicit_http_config={protocol: {}},
    )
    endpoints = [{"endpoint": {"address": socket_address(address)}} for address in addresses]
    return typed(
        CLUSTER,
        name=name,
        type="STATIC" if all(map(_is_ip, addresses)) else "STRICT_DNS",
        connect_timeout=duration(connect_s),
        load_assignment={"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
        health_checks=[_health_check(http2=http2)],
        circuit_breakers={"thresholds": [_bounds()]},
        typed_extension_protocol_options={HTTP_OPTIONS: options},
    )


def _is_ip(address: Address) -> bool:
    try:
        ip_address(address.host)
    except ValueError:
        return False
    return True


def _health_check(*, http2: bool) -> Json:
    return {
        "timeout": duration(HEALTH_TIMEOUT_S),
        "interval": duration(HEALTH_INTERVAL_S),
        "no_traffic_interval": duration(HEALTH_INTERVAL_S),
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
        "http_health_check": {"path": "/healthz", "codec_client_type": "HTTP2" if http2 else "HTTP1"},
    }


_MANY = {"max_connections": MAX_STREAMS, "max_pending_requests": MAX_STREAMS, "max_requests": MAX_STREAMS}


def _bounds() -> Json:
    """One slow upstream must not take all that the edge has; a retry storm must not finish it off."""
    return {
        "max_connections": 1024,
        "max_pending_requests": 1024,
        "max_requests": 4096,
        "retry_budget": {"budget_percent": {"value": 20.0}, "min_retry_concurrency": 5},
    }
