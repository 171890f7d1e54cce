"""Words the state of a limit that Envoy keeps itself in the IETF draft's headers.

The values come from the headers that the bucket's own filter, next in the chain, puts on the answer.
They are set through a composite because only that leaves answers alone which were given before the
bucket was asked, a 401 say; a script could do the same at a fifth of the edge's whole cost.
"""

from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Limit, Route
from colonnade.ir.target import Target

NAME = "colonnade.limit_headers"
MATCHING = "envoy.extensions.common.matching.v3"
COMPOSITE = "envoy.extensions.filters.http.composite.v3"
MUTATION = "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation"


def _config(_platform: Platform, _target: Target) -> Json:
    composite = {"name": "envoy.filters.http.composite", "typed_config": typed(f"{COMPOSITE}.Composite")}
    return typed(f"{MATCHING}.ExtensionWithMatcher", extension_config=composite, xds_matcher={})


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    return limit_headers(route.limits[0]) if route.decision.native and route.limits else None


def limit_headers(limit: Limit) -> Json:
    """Return the filter settings that tell the state of `limit`: draft-ietf-httpapi-ratelimit-headers."""
    state = f'"{limit.label}";r=%RESP(X-RATELIMIT-REMAINING)%;t=%RESP(X-RATELIMIT-RESET)%'
    headers = {
        "ratelimit-policy": f'"{limit.label}";q={limit.rule.quota};w={limit.rule.window_s}',
        "ratelimit": state,
    }
    mutations = [
        {"append": {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}
        for name, value in headers.items()
    ]
    mutate = {"name": NAME, "typed_config": typed(MUTATION, mutations={"response_mutations": mutations})}
    action = {"name": NAME, "typed_config": typed(f"{COMPOSITE}.ExecuteFilterAction", typed_config=mutate)}
    return typed(f"{MATCHING}.ExtensionWithMatcherPerRoute", xds_matcher={"on_no_match": {"action": action}})


FILTER = Filter(NAME, _config, _route)
