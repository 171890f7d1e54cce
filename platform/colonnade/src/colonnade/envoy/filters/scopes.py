"""Holds the scopes of a verified token against those a native route needs (403).

The route's metadata name them, so that the refusal can say what is missing (RFC 6750 §3.1).
"""

import re
from collections.abc import Sequence

from colonnade.envoy.filters import jwt
from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target

PACKAGE = "envoy.extensions.filters.http.rbac.v3"
NAMESPACE = "colonnade"
SCOPES = "scopes"
DENIED = "rbac_access_denied"
VERIFIED = [{"key": jwt.PAYLOAD}, {"key": "iss"}]
"""A claim that every verified token has."""
MISSING = f"%METADATA(ROUTE:{NAMESPACE}:{SCOPES})%"
CHALLENGE = f'Bearer realm="colonnade", error="insufficient_scope", scope="{MISSING}"'


def _config(_platform: Platform, _target: Target) -> Json:
    return typed(f"{PACKAGE}.RBAC")


def _route(route: Route, platform: Platform, _target: Target) -> Json | None:
    if not _is_held(route):
        return None
    places = platform.identity.claims.scopes
    needed = {"and_ids": {"ids": [_carries(scope, places) for scope in route.auth.scopes]}}
    # About any other token the policy service was asked, scopes and all.
    here = {"filter": jwt.NAME, "path": VERIFIED, "value": {"present_match": True}}
    elsewhere = {"not_id": {"sourced_metadata": {"metadata_matcher": here}}}
    policy = {"permissions": [{"any": True}], "principals": [needed, elsewhere]}
    return typed(
        f"{PACKAGE}.RBACPerRoute", rbac={"rules": {"action": "ALLOW", "policies": {"scopes": policy}}}
    )


def scope_metadata(route: Route) -> Json:
    """Return the part of a route that names the scopes it needs, where this filter holds them."""
    if not _is_held(route):
        return {}
    return {"metadata": {"filter_metadata": {NAMESPACE: {SCOPES: " ".join(route.auth.scopes)}}}}


def _is_held(route: Route) -> bool:
    return route.decision.native and route.auth.type == "jwt" and bool(route.auth.scopes)


def _carries(scope: str, places: Sequence[str]) -> Json:
    """One of the words of a claim (RFC 9068 §2.2.3), or of a list in it, is `scope`."""
    word = {"string_match": {"safe_regex": {"regex": f"(.* )?{re.escape(scope)}( .*)?"}}}
    listed = {"list_match": {"one_of": {"string_match": {"exact": scope}}}}
    return {"or_ids": {"ids": [_at(place, value) for place in places for value in (word, listed)]}}


def _at(place: str, value: Json) -> Json:
    # A name that no path could be is a name with dots in it.
    names = [place] if set(place) & set(":/") else place.split(".")
    path = [{"key": name} for name in (jwt.PAYLOAD, *names)]
    return {"sourced_metadata": {"metadata_matcher": {"filter": jwt.NAME, "path": path, "value": value}}}


FILTER = Filter("envoy.filters.http.rbac", _config, _route)
