"""Tells clients that reached the edge over https what else to know: to stay with it, and where HTTP/3 is."""

from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.filters.limit_headers import MUTATION
from colonnade.envoy.filters.matching import COMPOSITE, MATCHING, REQUEST
from colonnade.envoy.http3 import alternative
from colonnade.envoy.message import Json, typed
from colonnade.envoy.security_headers import defaults
from colonnade.ir.platform import Platform
from colonnade.ir.target import Target

NAME = "colonnade.over_https"


def _config(platform: Platform, target: Target) -> Json | None:
    headers = _staying(platform) | alternative(platform, target)
    if not headers:
        return None
    mutations = defaults(headers)
    mutate = typed(MUTATION, mutations={"response_mutations": [{"append": one} for one in mutations]})
    action = typed(f"{COMPOSITE}.ExecuteFilterAction", typed_config={"name": NAME, "typed_config": mutate})
    composite = {"name": "envoy.filters.http.composite", "typed_config": typed(f"{COMPOSITE}.Composite")}
    # Envoy sets the header itself, unless a trusted proxy in front ended TLS and says so.
    scheme = {"name": "scheme", "typed_config": typed(REQUEST, header_name="x-forwarded-proto")}
    over_https = {"https": {"action": {"name": NAME, "typed_config": action}}}
    matcher = {"matcher_tree": {"input": scheme, "exact_match_map": {"map": over_https}}}
    return typed(f"{MATCHING}.ExtensionWithMatcher", extension_config=composite, xds_matcher=matcher)


def _staying(platform: Platform) -> dict[str, str]:
    """Strict-Transport-Security (RFC 6797)."""
    # A browser would hold a developer's whole localhost to https, for a year.
    if platform.edge.hsts is None or platform.development:
        return {}
    return {"strict-transport-security": platform.edge.hsts}


FILTER = Filter(NAME, _config, always=True)
