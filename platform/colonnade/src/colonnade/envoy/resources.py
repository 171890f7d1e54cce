"""The dynamic part of an edge, by the file that delivers it."""

from collections.abc import Mapping

from colonnade.envoy.clusters import clusters, policy_endpoints
from colonnade.envoy.listener import listeners
from colonnade.envoy.message import Json
from colonnade.envoy.mtls import peer_secrets
from colonnade.envoy.routes import route_configuration
from colonnade.envoy.tls import tls_secrets
from colonnade.ir.platform import Platform
from colonnade.ir.target import Target


def upstreams(platform: Platform, target: Target) -> Mapping[str, list[Json]]:
    """Return where requests can go: endpoints, secrets, clusters."""
    return {
        **policy_endpoints(target),
        **peer_secrets(platform, target),
        "cds": clusters(platform, target),
    }


def resources(platform: Platform, target: Target) -> Mapping[str, list[Json]]:
    """Return upstreams, routes, listeners: taken up in this order, they leave no gap."""
    tls = platform.edge.tls
    return {
        **upstreams(platform, target),
        "rds": [route_configuration(platform, target)],
        **(tls_secrets(tls, target.tls) if tls is not None and target.tls is not None else {}),
        "lds": listeners(platform, target),
    }
