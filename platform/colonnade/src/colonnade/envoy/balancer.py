"""The layer-4 balancer in front of several edges: a plain TCP proxy that leaves out edges that are ill."""

from collections.abc import Sequence

from colonnade.envoy.message import Json, duration, socket_address, typed
from colonnade.ir.target import Address

INTERVAL_S = 0.5
CONNECT_S = 1.0


def balancer(edges: Sequence[Address], listen: Address, admin: Address) -> Json:
    """Return the whole configuration of a balancer on `listen`; it tells edges the client's address."""
    proxy = typed(
        "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
        stat_prefix="balancer",
        cluster="edges",
        max_connect_attempts=max(2, len(edges)),
    )
    return {
        "node": {"id": "balancer", "cluster": "balancer"},
        "admin": {"address": socket_address(admin)},
        "static_resources": {
            "listeners": [
                {
                    "name": "balancer",
                    "address": socket_address(listen),
                    "filter_chains": [
                        {"filters": [{"name": "envoy.filters.network.tcp_proxy", "typed_config": proxy}]}
                    ],
                }
            ],
            "clusters": [_edges(edges)],
        },
    }


def _edges(edges: Sequence[Address]) -> Json:
    named = any(not edge.host.replace(".", "").isdecimal() for edge in edges)
    return {
        "name": "edges",
        "type": "STRICT_DNS" if named else "STATIC",
        "connect_timeout": duration(CONNECT_S),
        "load_assignment": {
            "cluster_name": "edges",
            "endpoints": [
                {"lb_endpoints": [{"endpoint": {"address": socket_address(edge)}} for edge in edges]}
            ],
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
        "transport_socket": _proxy_protocol(),
    }


def _proxy_protocol() -> Json:
    plain = typed("envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer")
    config = typed(
        "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
        config={"version": "V2"},
        transport_socket={"name": "envoy.transport_sockets.raw_buffer", "typed_config": plain},
    )
    return {"name": "envoy.transport_sockets.upstream_proxy_protocol", "typed_config": config}
