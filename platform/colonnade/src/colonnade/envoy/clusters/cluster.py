"""What the clusters have in common."""

from collections.abc import Sequence
from ipaddress import ip_address

from colonnade.envoy.message import Json, duration, socket_address, typed
from colonnade.ir.target import Address

CLUSTER = "envoy.config.cluster.v3.Cluster"
HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
IDLE_S = 50.0
"""Shorter than the servers' own, so that they rarely close a connection that is about to be used."""


def cluster(name: str, addresses: Sequence[Address], connect_s: float, *, http2: bool) -> Json:
    """Return a cluster of instances that answer HTTP/1.1, or HTTP/2, and connect in `connect_s` seconds."""
    protocol = "http2_protocol_options" if http2 else "http_protocol_options"
    options = typed(
        HTTP_OPTIONS,
        common_http_protocol_options={"idle_timeout": duration(IDLE_S)},
        explicit_http_config={protocol: {}},
    )
    return typed(
        CLUSTER,
        name=name,
        type="STATIC" if static(addresses) else "STRICT_DNS",
        connect_timeout=duration(connect_s),
        load_assignment=assignment(name, addresses),
        typed_extension_protocol_options={HTTP_OPTIONS: options},
    )


def assignment(name: str, addresses: Sequence[Address]) -> Json:
    """Return the instances of a cluster."""
    endpoints = [{"endpoint": {"address": socket_address(address)}} for address in addresses]
    return {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]}


def static(addresses: Sequence[Address]) -> bool:
    """Return whether the instances have addresses, not names that have to be resolved."""
    return all(map(is_ip, addresses))


def is_ip(address: Address) -> bool:
    """Return whether the host is an address, not a name."""
    try:
        ip_address(address.host)
    except ValueError:
        return False
    return True
