"""Answers preflights, and tells browsers which origins may read an answer (the Fetch standard's CORS)."""

import re

from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target

PACKAGE = "envoy.extensions.filters.http.cors.v3"
LABELS = r"[a-z0-9-]+(\.[a-z0-9-]+)*"


def _config(_platform: Platform, _target: Target) -> Json:
    return typed(f"{PACKAGE}.Cors")


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    cors = route.cors
    if cors is None:
        return None
    return typed(
        f"{PACKAGE}.CorsPolicy",
        allow_origin_string_match=[_origin(origin) for origin in cors.origins],
        allow_methods=",".join(cors.methods),
        allow_headers=",".join(cors.headers),
        expose_headers=",".join(cors.exposed),
        max_age=f"{cors.max_age_s:.0f}",
        allow_credentials=cors.credentials,
        # A preflight carries no credential: the BFF would be asked by nobody.
        forward_not_matching_preflights=False,
    )


def _origin(origin: str) -> Json:
    """Envoy holds an expression against the whole of an origin."""
    if origin == "*" or "*" not in origin:
        return {"exact": origin}
    before, after = origin.split("*")
    return {"safe_regex": {"regex": f"{re.escape(before)}{LABELS}{re.escape(after)}"}}


FILTER = Filter("envoy.filters.http.cors", _config, _route)
