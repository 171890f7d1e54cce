"""The edges among themselves: how many are alive says which part of a shared limit each of them has."""

from collections.abc import Sequence

from colonnade.envoy.clusters.cluster import assignment, is_ip, static
from colonnade.envoy.message import Json, duration, path_source, typed
from colonnade.ir.target import Address, Target

EDGES = "edges"
EDGES_FILE = "eds.json"
RESOLVE_EVERY_S = 1.0


def edges_cluster(target: Target) -> Json:
    """Return the cluster of all edges, for the bootstrap.

    Edges with addresses are told by a file, so that one that is gone is left out; a name is resolved
    again and again, and stands for as many edges as it has addresses.
    """
    if static(_edges(target)):
        source = path_source(target.xds_folder, EDGES_FILE)
        return {"name": EDGES, "type": "EDS", "eds_cluster_config": {"eds_config": source}}
    return {
        "name": EDGES,
        "type": "STRICT_DNS",
        "dns_refresh_rate": duration(RESOLVE_EVERY_S),
        "load_assignment": assignment(EDGES, _edges(target)),
    }


def live_edges(edges: Sequence[Address]) -> Json:
    """Return the resource that says which edges are alive."""
    return typed("envoy.config.endpoint.v3.ClusterLoadAssignment", **assignment(EDGES, edges))


def all_edges(target: Target) -> Json:
    """Return the resource that says that all edges are alive."""
    return live_edges(_edges(target))


def static_edges(target: Target) -> Json:
    """Return the cluster in one piece, without a file or a name to follow."""
    here = [edge for edge in _edges(target) if is_ip(edge)]
    return {"name": EDGES, "type": "STATIC", "load_assignment": assignment(EDGES, here)}


def _edges(target: Target) -> Sequence[Address]:
    return target.edges or (target.listen,)
