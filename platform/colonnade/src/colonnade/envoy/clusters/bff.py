"""The clusters of what answers: BFFs, and the services that are exposed."""

from collections.abc import Sequence

from colonnade.envoy.clusters.balance import balance
from colonnade.envoy.clusters.bounds import STREAMS, bounds
from colonnade.envoy.clusters.cluster import cluster
from colonnade.envoy.clusters.health import health_check, watch
from colonnade.envoy.message import Json
from colonnade.envoy.mtls import peer_socket
from colonnade.ir.platform import Bff, Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target


def bff_cluster(bff: Bff, routes: Sequence[Route], platform: Platform, target: Target) -> Json:
    """Return the cluster of a BFF with its `routes`; one that speaks gRPC is asked for its health by gRPC."""
    # Envoy connects per cluster, not per route: the most patient route of the BFF counts.
    connect = max(route.timeouts.connect_s for route in routes)
    found = cluster(bff.name, target.endpoints[bff.name], connect, http2=bff.grpc)
    found["health_checks"] = [health_check(bff.health, grpc=bff.grpc)]
    found["circuit_breakers"] = {"thresholds": [bounds(bff.bounds)]}
    balance(found, bff, platform)
    watch(found, bff.health, len(target.endpoints[bff.name]))
    if platform.mtls:
        found["transport_socket"] = peer_socket(platform, target, bff)
    if any(route.stream for route in routes):
        # Counted apart, so that open streams take nothing from the BFF's other routes.
        found["circuit_breakers"]["thresholds"].append({"priority": "HIGH", **STREAMS})
    return found
