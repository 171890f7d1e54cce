"""Asks the policy service about a token that Envoy could not verify, on a route that it else decides alone.

So a key that appeared a moment ago does, and a refusal says what is wrong. A request without a verified token
never passes this filter by itself.
"""

from colonnade.envoy import hygiene
from colonnade.envoy.filters import ext_authz, jwt
from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target

VERIFIED: Json = {
    "filter": jwt.NAME,
    "path": [{"key": jwt.VERIFIED}, {"key": "alg"}],
    "value": {"present_match": True},
}
"""Matches where jwt has verified a token: only then is its head, which always says `alg`, in the metadata."""


def _config(platform: Platform, target: Target) -> Json:
    asking = ext_authz.config(platform, target)
    question = {hygiene.ROUTE: "%ROUTE_NAME%", hygiene.IP: hygiene.REMOTE_ADDRESS}
    added = [{"key": name, "value": value} for name, value in question.items()]
    service = asking["http_service"] | {"authorization_request": {"headers_to_add": added}}
    return asking | {"http_service": service, "filter_enabled_metadata": {**VERIFIED, "invert": True}}


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    if not route.decision.native or route.auth.type != "jwt":
        return None
    return typed(f"{ext_authz.PACKAGE}.ExtAuthzPerRoute", check_settings={})


FILTER = Filter("colonnade.second_opinion", _config, _route)
