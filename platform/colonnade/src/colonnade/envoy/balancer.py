"""The layer-4 balancer in front of several edges: a plain TCP proxy that leaves out edges that are ill."""

from collections.abc import Sequence
from dataclasses import dataclass

from colonnade.envoy.message import Json, duration, socket_address, typed
from colonnade.ir.target import Address

INTERVAL_S = 0.5
CONNECT_S = 1.0
TRIES = 10
"""Edges take turns over all connections: of many that are made at once, half meet a dead one again."""
LEFT_OUT: Json = {
    # At its first connection that fails, not when a health check notices: clients come back at once.
    "split_external_local_origin_errors": True,
    "consecutive_local_origin_failure": 1,
    "enforcing_consecutive_5xx": 0,
    "base_ejection_time": "1s",
    "interval": "1s",
    "max_ejection_percent": 50,
}


@dataclass(frozen=True, slots=True)
class Way:
    """A port of the balancer, and the port of every edge that its connections are passed to as they are."""

    name: str
    listen: Address
    edges: Sequence[Address]


def balancer(plain: Way, tls: Way | None, admin: Address, max_connections: int) -> Json:
    """Return the whole configuration of a balancer; it tells edges the client's address.

    TLS is passed through, and ended by the edge. `max_connections` are those of one edge.
    """
    ways = [plain, *([tls] if tls else [])]
    return {
        "node": {"id": "balancer", "cluster": "balancer"},
        "admin": {"address": socket_address(admin)},
        "static_resources": {
            "listeners": [_listener(way) for way in ways],
            "clusters": [_edges(way, plain, max_connections) for way in ways],
        },
    }


def _listener(way: Way) -> Json:
    proxy = typed(
        "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
        stat_prefix=way.name,
        cluster=way.name,
        max_connect_attempts=TRIES,
    )
    return {
        "name": way.name,
        "address": socket_address(way.listen),
        "filter_chains": [{"filters": [{"name": "envoy.filters.network.tcp_proxy", "typed_config": proxy}]}],
    }


def _edges(way: Way, plain: Way, max_connections: int) -> Json:
    """The edges of one way; their health is asked on the plain one, because the question is not encrypted."""
    named = any(not edge.host.replace(".", "").isdecimal() for edge in way.edges)
    pairs = zip(way.edges, plain.edges, strict=True)
    most = max_connections * len(way.edges)
    return {
        "name": way.name,
        "type": "STRICT_DNS" if named else "STATIC",
        "connect_timeout": duration(CONNECT_S),
        "load_assignment": {
            "cluster_name": way.name,
            "endpoints": [{"lb_endpoints": [_endpoint(edge, asked) for edge, asked in pairs]}],
        },
        "health_checks": [
            {
                "timeout": duration(INTERVAL_S),
                "interval": duration(INTERVAL_S),
                "no_traffic_interval": duration(INTERVAL_S),
                "unhealthy_threshold": 1,
                "healthy_threshold": 1,
                "http_health_check": {"path": "/healthz"},
            }
        ],
        "outlier_detection": LEFT_OUT,
        "circuit_breakers": {"thresholds": [{"max_connections": most, "max_pending_requests": most}]},
        "transport_socket": _proxy_protocol(),
    }


def _endpoint(edge: Address, asked: Address) -> Json:
    elsewhere = {} if edge == asked else {"health_check_config": {"port_value": asked.port}}
    return {"endpoint": {"address": socket_address(edge), **elsewhere}}


def _proxy_protocol() -> Json:
    plain = typed("envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer")
    config = typed(
        "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
        config={"version": "V2"},
        transport_socket={"name": "envoy.transport_sockets.raw_buffer", "typed_config": plain},
    )
    return {"name": "envoy.transport_sockets.upstream_proxy_protocol", "typed_config": config}
