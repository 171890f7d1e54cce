"""The cluster of a BFF."""

from colonnade.envoy.clusters.bounds import STREAMS
from colonnade.envoy.clusters.cluster import cluster
from colonnade.envoy.message import Json
from colonnade.ir.platform import Platform
from colonnade.ir.target import Target


def bff_cluster(platform: Platform, target: Target, name: str) -> Json:
    """Return the cluster of the BFF `name`."""
    routes = [route for route in platform.routes if route.bff == name]
    # Envoy connects per cluster, not per route: the most patient route of the BFF counts.
    connect = max(route.timeouts.connect_s for route in routes)
    found = cluster(name, target.endpoints[name], connect, http2=False)
    if any(route.stream for route in routes):
        # Counted apart, so that open streams take nothing from the BFF's other routes.
        found["circuit_breakers"]["thresholds"].append({"priority": "HIGH", **STREAMS})
    return found
