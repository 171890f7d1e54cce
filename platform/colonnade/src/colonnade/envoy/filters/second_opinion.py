"""Asks the policy service about a token that Envoy could not verify, on a route that it else decides alone.

So a key that appeared a moment ago does, and a refusal says what is wrong. A request without a verified token
never passes this filter by itself: only `jwt` tells of one, and what a client says was removed before.
"""

from colonnade.envoy import hygiene
from colonnade.envoy.filters import ext_authz
from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.filters.matching import skipped_with
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target


def _config(platform: Platform, target: Target) -> Json:
    return skipped_with(hygiene.VERIFIED, ext_authz.config(platform, target))


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    if not route.decision.native or route.auth.type != "jwt":
        return None
    return typed(f"{ext_authz.PACKAGE}.ExtAuthzPerRoute", check_settings={})


FILTER = Filter("colonnade.second_opinion", _config, _route)
