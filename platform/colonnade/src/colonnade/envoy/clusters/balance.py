"""How the requests to a BFF are spread over its instances."""

from collections.abc import Callable

from colonnade.envoy.clusters.cluster import HTTP_OPTIONS
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Bff, Platform

POLICIES = {
    "least_request": "LEAST_REQUEST",
    "round_robin": "ROUND_ROBIN",
    "weighted": "ROUND_ROBIN",
    # Not RING_HASH, whose points are shared by the instances there are: one that goes moves others' keys too.
    "hash": "MAGLEV",
}


def balance(cluster: Json, bff: Bff, platform: Platform) -> None:
    """Make `cluster` spread requests as the BFF says."""
    cluster["lb_policy"] = POLICIES[bff.balance.policy]
    if bff.balance.policy == "weighted":
        _each(cluster, lambda number: {"load_balancing_weight": bff.balance.weights[number]})
    if bff.balance.policy == "hash":
        names = bff.instances
        # By name: an instance that is replaced by another, at another port, keeps its keys.
        _each(
            cluster,
            lambda number: {"metadata": {"filter_metadata": {"envoy.lb": {"hash_key": names[number]}}}},
        )
        factor = {"hash_balance_factor": round(bff.balance.max_load)}
        cluster["common_lb_config"] = {"consistent_hashing_lb_config": factor}
    if any(one.balance.by_cookie for one in platform.backends):
        cluster["typed_extension_protocol_options"][HTTP_OPTIONS]["http_filters"] = _without_cookies()


def _each(cluster: Json, more: Callable[[int], Json]) -> None:
    """Say more of every endpoint, by its number."""
    (locality,) = cluster["load_assignment"]["endpoints"]
    for number, endpoint in enumerate(locality["lb_endpoints"]):
        endpoint.update(more(number))


def _without_cookies() -> list[Json]:
    """Remove cookies as late as that: where one is hashed, the route cannot."""
    mutation = typed(
        "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
        mutations={"request_mutations": [{"remove": "cookie"}]},
    )
    codec = typed("envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec")
    return [
        {"name": "envoy.filters.http.header_mutation", "typed_config": mutation},
        {"name": "envoy.filters.http.upstream_codec", "typed_config": codec},
    ]
