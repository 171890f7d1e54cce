"""The clusters of the policy services: where they decide, and where they hold streams."""

from collections.abc import Sequence

from colonnade.envoy.clusters.bounds import STREAMS
from colonnade.envoy.clusters.cluster import HTTP_OPTIONS, cluster
from colonnade.envoy.message import Json, duration
from colonnade.ir.target import Address

LEASE = "lease"
CONNECT_S = 0.25
"""A fraction of what a decision may take: where one policy service is gone, another can still be asked."""
EJECTED_S = 1.0
PING_S = 0.3
LEASE_PING_S = 1.0
LEASE_PONG_S = 2.0
"""A process that is slow for a moment must not cost its streams, which a lost connection does."""


def policy_cluster(addresses: Sequence[Address]) -> Json:
    """Left out at its first failed connection, not when a health check notices: each request asks it.

    A machine that is gone closes no connection: an unanswered ping does, and leaves time to ask another.
    """
    return _watched(cluster("policy", addresses, CONNECT_S, http2=True), PING_S, PING_S)


def lease_cluster(addresses: Sequence[Address]) -> Json:
    """The policy services again, at the port where they hold streams."""
    found = cluster(LEASE, addresses, CONNECT_S, http2=True)
    del found["health_checks"]
    found["circuit_breakers"] = {"thresholds": [STREAMS]}
    return _watched(found, LEASE_PING_S, LEASE_PONG_S)


def _watched(found: Json, ping_s: float, pong_s: float) -> Json:
    http = found["typed_extension_protocol_options"][HTTP_OPTIONS]["explicit_http_config"]
    ping = {"interval": duration(ping_s), "timeout": duration(pong_s)}
    http["http2_protocol_options"] = {"connection_keepalive": ping}
    found["outlier_detection"] = {
        "split_external_local_origin_errors": True,
        "consecutive_local_origin_failure": 1,
        # A 503 is a decision: who sends unknown tokens while the provider is down must not have us left out.
        "enforcing_consecutive_5xx": 0,
        "base_ejection_time": duration(EJECTED_S),
        "interval": duration(EJECTED_S),
        "max_ejection_percent": 50,
    }
    return found
