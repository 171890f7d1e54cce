"""The static part of an edge: its admin address, its bounds, and where its resources are."""

from colonnade.envoy.edges import EDGES, edges_cluster
from colonnade.envoy.message import Json, path_source, socket_address
from colonnade.envoy.metrics import admin_cluster, counting, metrics_listener
from colonnade.envoy.overload import overload_manager
from colonnade.envoy.tracing import flushing
from colonnade.ir.platform import Platform
from colonnade.ir.target import Target


def bootstrap(platform: Platform, target: Target) -> Json:
    """Return the bootstrap configuration of one edge."""
    folder = target.xds_folder
    return {
        "node": {"id": f"{platform.name}-{target.listen}", "cluster": platform.name},
        # Whoever looks after an edge that is full gets in.
        "admin": {"address": socket_address(target.admin), "ignore_global_conn_limit": True},
        "cluster_manager": {"local_cluster_name": EDGES},
        "static_resources": _static(target),
        **counting(),
        **flushing(platform),
        "dynamic_resources": {
            "cds_config": path_source(folder, "cds.json"),
            "lds_config": path_source(folder, "lds.json"),
        },
        "overload_manager": overload_manager(platform.edge),
    }


def _static(target: Target) -> Json:
    if target.metrics is None:
        return {"clusters": [edges_cluster(target)]}
    return {
        "listeners": [metrics_listener(target.metrics)],
        "clusters": [edges_cluster(target), admin_cluster(target.admin)],
    }
