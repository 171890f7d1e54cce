"""Upstream clusters: every BFF, the services that are exposed, and the policy service."""

from collections import defaultdict

from colonnade.envoy.clusters.bff import bff_cluster
from colonnade.envoy.clusters.policy import LEASE, lease_cluster, policy_cluster, policy_endpoints
from colonnade.envoy.message import Json
from colonnade.envoy.tracing import collector_cluster, traced
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target


def clusters(platform: Platform, target: Target) -> list[Json]:
    """Return every cluster that a route, or a filter on it, names."""
    routes = defaultdict[str, list[Route]](list)
    for route in platform.routes:
        routes[route.bff].append(route)
    found = [bff_cluster(bff, routes[bff.name], platform, target) for bff in platform.backends]
    found.append(policy_cluster(target))
    if any(route.leased for route in platform.routes):
        found.append(lease_cluster(target))
    if traced(platform):
        found.append(collector_cluster(target))
    return found


__all__ = ["LEASE", "clusters", "policy_endpoints"]
