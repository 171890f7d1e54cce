"""The clusters of the policy services: where they decide, and where they hold streams."""

from collections.abc import Mapping

from colonnade.envoy.clusters.bounds import STREAMS
from colonnade.envoy.clusters.cluster import HTTP_OPTIONS, assignment, cluster, static
from colonnade.envoy.clusters.health import health_check
from colonnade.envoy.message import Json, duration, path_source, typed
from colonnade.ir.health import Health
from colonnade.ir.target import Target

POLICY = "policy"
LEASE = "lease"
CONNECT_S = 0.25
"""A fraction of what a decision may take: where one policy service is gone, another can still be asked."""
EJECTED_S = 1.0
HEALTH = Health(timeout_s=1.0)
DECISIONS: Json = {
    "max_connections": 1024,
    "max_pending_requests": 4096,
    "max_requests": 4096,
    # Each request needs its decision, and when one of the policy services hangs or dies, all that it was
    # asked is asked again at once: a budget would refuse in bursts what another one can decide.
    "max_retries": 4096,
}
PING_S = 0.3
LEASE_PING_S = 1.0
LEASE_PONG_S = 2.0
"""A process that is slow for a moment must not cost its streams, which a lost connection does."""


def policy_cluster(target: Target) -> Json:
    """Left out at its first failed connection, not when a health check notices: each request asks it.

    A machine that is gone closes no connection: an unanswered ping does, and leaves time to ask another.
    """
    found = cluster(POLICY, target.endpoints[POLICY], CONNECT_S, http2=True)
    found["health_checks"] = [health_check(HEALTH, http2=True)]
    found["circuit_breakers"] = {"thresholds": [DECISIONS]}
    return _told_by_file(_watched(found, PING_S, PING_S), target)


def lease_cluster(target: Target) -> Json:
    """The policy services again, at the port where they hold streams."""
    found = cluster(LEASE, target.endpoints[LEASE], CONNECT_S, http2=True)
    found["circuit_breakers"] = {"thresholds": [STREAMS]}
    return _told_by_file(_watched(found, LEASE_PING_S, LEASE_PONG_S), target)


def policy_endpoints(target: Target) -> Mapping[str, list[Json]]:
    """Return where the policy services are, by the file that tells a cluster so."""
    found = {name: assignment(name, target.endpoints.get(name, ())) for name in (POLICY, LEASE)}
    return {
        endpoints_file(name): [typed("envoy.config.endpoint.v3.ClusterLoadAssignment", **one)]
        for name, one in found.items()
        if static(target.endpoints.get(name, ()))
    }


def endpoints_file(name: str) -> str:
    """Return the file, without `.json`, that tells a cluster its endpoints."""
    return f"{name}-endpoints"


def _told_by_file(found: Json, target: Target) -> Json:
    """Let addresses change without the cluster, which would fail the questions that are under way."""
    if found["type"] != "STATIC":
        return found
    del found["load_assignment"]
    source = path_source(target.xds_folder, f"{endpoints_file(found['name'])}.json")
    # What is no longer there is not asked any more, well or not.
    gone = {"ignore_health_on_host_removal": True}
    return {**found, "type": "EDS", "eds_cluster_config": {"eds_config": source}, **gone}


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
