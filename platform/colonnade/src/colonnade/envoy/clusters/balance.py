"""How the requests to a BFF are spread over its instances."""

from collections.abc import Callable

from colonnade.envoy.clusters.cluster import HTTP_OPTIONS
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Bff, Platform

RING = 4096
"""Points on the ring: with so many, the shares of a few instances differ by some percent."""

POLICIES = {
    "least_request": "LEAST_REQUEST",
    "round_robin": "ROUND_ROBIN",
    "weighted": "ROUND_ROBIN",
    "hash": "RING_HASH",  # unlike Maglev it moves no key but those of an instance that goes
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
        cluster["ring_hash_lb_config"] = {"minimum_ring_size": RING}
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
