"""Names the route for the policy service, and words the limit headers of routes that Envoy decides alone."""

from colonnade.envoy import hygiene
from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Limit, Route
from colonnade.ir.target import Target

PACKAGE = "envoy.extensions.filters.http.header_mutation.v3"


def _config(_platform: Platform, _target: Target) -> Json:
    return typed(f"{PACKAGE}.HeaderMutation", mutations={})


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    if not route.decision.native:
        question = {hygiene.ROUTE: route.id, hygiene.IP: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"}
        return _per_route(request_mutations=[_set(name, value) for name, value in question.items()])
    answer = _limit_headers(route.limits[0]) if route.limits else []
    return _per_route(response_mutations=answer) if answer else None


def _per_route(**mutations: list[Json]) -> Json:
    return typed(f"{PACKAGE}.HeaderMutationPerRoute", mutations=mutations)


def _set(name: str, value: str) -> Json:
    return {
        "append": {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
    }


def _limit_headers(limit: Limit) -> list[Json]:
    """The structured fields of draft-ietf-httpapi-ratelimit-headers, from what the bucket itself reported.

    A request that never came to the bucket (401, say) has no state to tell.
    """
    window = round(limit.burst * limit.period_s / limit.count)
    state = (
        f"%CEL('x-ratelimit-remaining' in response.headers ? '\"{limit.label}\";r=' + "
        "response.headers['x-ratelimit-remaining'] + ';t=' + response.headers['x-ratelimit-reset'] : '')%"
    )
    return [
        _set("ratelimit-policy", f'"{limit.label}";q={limit.burst};w={max(1, window)}'),
        _set("ratelimit", state),
    ]


FILTER = Filter("envoy.filters.http.header_mutation", _config, _route)
