"""The clusters of what answers: BFFs, and the services that are exposed."""

from colonnade.envoy.clusters.balance import balance
from colonnade.envoy.clusters.bounds import STREAMS
from colonnade.envoy.clusters.cluster import cluster
from colonnade.envoy.message import Json
from colonnade.ir.platform import Bff, Platform
from colonnade.ir.target import Target


def bff_cluster(platform: Platform, target: Target, bff: Bff) -> Json:
    """Return the cluster of a BFF; one that speaks gRPC is asked for its health by gRPC."""
    routes = [route for route in platform.routes if route.bff == bff.name]
    # Envoy connects per cluster, not per route: the most patient route of the BFF counts.
    connect = max(route.timeouts.connect_s for route in routes)
    found = cluster(bff.name, target.endpoints[bff.name], connect, http2=bff.grpc)
    balance(found, bff, platform)
    if any(route.stream for route in routes):
        # Counted apart, so that open streams take nothing from the BFF's other routes.
        found["circuit_breakers"]["thresholds"].append({"priority": "HIGH", **STREAMS})
    for check in found["health_checks"] if bff.grpc else ():
        del check["http_health_check"]
        check["grpc_health_check"] = {}
    return found
