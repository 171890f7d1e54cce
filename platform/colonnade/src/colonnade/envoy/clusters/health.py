"""How an edge notices that an instance is not well, and uses it again."""

from colonnade.envoy.clusters.cluster import HTTP_OPTIONS
from colonnade.envoy.message import Json, duration
from colonnade.ir.health import Ejection, Health

NOT_WELL_S = 0.25
"""How often one is asked that is not well: it is used again soon after it is."""
NO_ANSWER: Json = {"not_match": {"any_match": True}}
"""No answer is a failure of the instance: another one would answer the same."""
SLOW_START = {"LEAST_REQUEST": "least_request_lb_config", "ROUND_ROBIN": "round_robin_lb_config"}
"""Where Envoy can give an instance less than its share."""


def health_check(health: Health, *, http2: bool = False, grpc: bool = False) -> Json:
    """Return the active check of one instance; one that speaks gRPC is asked by gRPC."""
    http = {"path": health.path, "codec_client_type": "HTTP2" if http2 else "HTTP1"}
    return {
        "timeout": duration(health.timeout_s),
        "interval": duration(health.interval_s),
        "unhealthy_interval": duration(min(NOT_WELL_S, health.interval_s)),
        # Before its first request Envoy knows a cluster by these two.
        "no_traffic_interval": duration(min(NOT_WELL_S, health.interval_s)),
        "no_traffic_healthy_interval": duration(health.interval_s),
        "unhealthy_threshold": health.unhealthy,
        "healthy_threshold": health.healthy,
        **({"grpc_health_check": {}} if grpc else {"http_health_check": http}),
    }


def watch(cluster: Json, health: Health, instances: int) -> None:
    """Have `cluster` use only instances that are well; where none is, it refuses at once."""
    cluster.setdefault("common_lb_config", {})["healthy_panic_threshold"] = {"value": 0}
    if instances > 1:
        cluster["outlier_detection"] = _ejection(health.ejection)
        options = cluster["typed_extension_protocol_options"][HTTP_OPTIONS]
        options["outlier_detection"] = {"error_matcher": NO_ANSWER}
    if instances > 1 and cluster["lb_policy"] in SLOW_START:
        config = cluster.setdefault(SLOW_START[cluster["lb_policy"]], {})
        config["slow_start_config"] = {"slow_start_window": duration(health.slow_start_s)}


def _ejection(ejection: Ejection) -> Json:
    return {
        # Envoy counts a connection that fails or breaks, and an answer that is late, as if it were a 5xx.
        "consecutive_5xx": ejection.failures,
        "enforcing_success_rate": 0,
        "interval": duration(1),
        "base_ejection_time": duration(ejection.pause_s),
        "max_ejection_percent": round(ejection.most),
        # Its own word that it is well does not count: it says so while it fails.
        "successful_active_health_check_uneject_host": False,
    }
