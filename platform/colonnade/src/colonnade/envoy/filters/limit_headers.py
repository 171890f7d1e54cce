"""Words the state of a limit that Envoy keeps itself in the IETF draft's headers.

The values come from the headers that the bucket's own filter, next in the chain, puts on the answer. Where it
was not asked, before a 401 say, there are none.
"""

from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.filters.matching import skipped_without
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Limit, Route
from colonnade.ir.target import Target

MUTATION = "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation"


def _config(_platform: Platform, _target: Target) -> Json:
    return skipped_without("x-ratelimit-limit", typed(MUTATION, mutations={}))


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    if not route.decision.native or not route.limits:
        return None
    mutations = {"response_mutations": [{"append": one} for one in _headers(route.limits[0])]}
    return typed(f"{MUTATION}PerRoute", mutations=mutations)


def _headers(limit: Limit) -> list[Json]:
    """draft-ietf-httpapi-ratelimit-headers."""
    state = f'"{limit.label}";r=%RESP(X-RATELIMIT-REMAINING)%;t=%RESP(X-RATELIMIT-RESET)%'
    headers = {
        "ratelimit-policy": f'"{limit.label}";q={limit.rule.quota};w={limit.rule.window_s}',
        "ratelimit": state,
    }
    return [
        {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        for name, value in headers.items()
    ]


FILTER = Filter("colonnade.limit_headers", _config, _route)
