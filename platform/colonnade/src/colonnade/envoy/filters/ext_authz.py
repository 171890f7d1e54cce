"""Asks the policy service, over HTTP/2, about a request that Envoy cannot decide alone."""

from collections.abc import Iterable

from colonnade.envoy import hygiene
from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json, duration, typed
from colonnade.envoy.retries import ELSEWHERE
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target
from colonnade_policy.limits.rule import SECOND_US

PACKAGE = "envoy.extensions.filters.http.ext_authz.v3"
TIMEOUT_S = 2.0
"""Time to notice that one policy service is gone (by an unanswered ping, 0.6 s), and to ask another."""

BROWSER = ("x-csrf", "origin", "sec-fetch-site", "sec-websocket-version", "x-forwarded-proto")
"""By which the policy service tells whether a page of this site sent a request."""
QUESTION = ("authorization", "cookie", "x-api-key", "x-request-id", *BROWSER, hygiene.JWT)
REFUSAL = ("content-type", "cache-control", "www-authenticate", "retry-after", *hygiene.LIMIT)


def config(platform: Platform, _target: Target) -> Json:
    """Return how the policy service is asked."""
    keys = {key for route in platform.routes for limit in route.limits for key in limit.key}
    counted = sorted(key.removeprefix("header:") for key in keys if key.startswith("header:"))
    return typed(
        f"{PACKAGE}.ExtAuthz",
        transport_api_version="V3",
        allowed_headers=_names([*QUESTION, *counted]),
        status_on_error={"code": "ServiceUnavailable"},
        http_service={
            "server_uri": {
                "uri": "http://policy",
                "cluster": "policy",
                "timeout": duration(TIMEOUT_S + _longest_delay_s(platform)),
            },
            "path_prefix": "/check",
            "authorization_request": {"headers_to_add": _told(platform)},
            "authorization_response": {
                "allowed_upstream_headers": _names([*hygiene.IDENTITY, hygiene.LEASE]),
                "allowed_client_headers": _names(REFUSAL),
                # For the access log: a refused request has no identity headers.
                "dynamic_metadata_from_headers": _names([hygiene.CONSUMER]),
                "allowed_client_headers_on_success": _names([*hygiene.LIMIT, "set-cookie"]),
            },
            # A policy service that dies is no reason to refuse: another one decides.
            "retry_policy": {
                "retry_on": "connect-failure,refused-stream,reset",
                "num_retries": 2,
                **ELSEWHERE,
            },
        },
    )


def _told(platform: Platform) -> list[Json]:
    """What only the edge knows: which route is asked about, from where, and with which certificate."""
    told = {hygiene.ROUTE: "%ROUTE_NAME%", hygiene.IP: hygiene.REMOTE_ADDRESS}
    if platform.edge.tls is not None and platform.edge.tls.client_ca:
        told[hygiene.CERTIFICATE] = hygiene.CERTIFICATE_SHA256
    return [{"key": name, "value": value} for name, value in told.items()]


def _names(names: Iterable[str]) -> Json:
    return {"patterns": [{"exact": name} for name in names]}


def _longest_delay_s(platform: Platform) -> float:
    """How long a leaky bucket may let a request wait its turn."""
    rules = [limit.rule for route in platform.routes for limit in route.limits]
    return max((rule.max_delay_us for rule in rules), default=0) / SECOND_US


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    if route.decision.native:
        return None
    settings: Json = {}
    if route.cost is None and route.limits:
        # What a query costs stands in its body.
        settings["with_request_body"] = {"max_request_bytes": route.max_body}
    return typed(f"{PACKAGE}.ExtAuthzPerRoute", check_settings=settings)


FILTER = Filter("envoy.filters.http.ext_authz", config, _route)
