"""Holds the scopes of a verified token against those a native route needs (403)."""

import re

from colonnade.envoy.filters import jwt, second_opinion
from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target

PACKAGE = "envoy.extensions.filters.http.rbac.v3"


def _config(_platform: Platform, _target: Target) -> Json:
    return typed(f"{PACKAGE}.RBAC")


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    if not route.decision.native or route.auth.type != "jwt" or not route.auth.scopes:
        return None
    needed = {"and_ids": {"ids": [_carries(scope) for scope in route.auth.scopes]}}
    # About any other token the policy service was asked, scopes and all.
    elsewhere = {"not_id": {"sourced_metadata": {"metadata_matcher": second_opinion.VERIFIED}}}
    policy = {"permissions": [{"any": True}], "principals": [needed, elsewhere]}
    return typed(
        f"{PACKAGE}.RBACPerRoute", rbac={"rules": {"action": "ALLOW", "policies": {"scopes": policy}}}
    )


def _carries(scope: str) -> Json:
    """One of the words of the `scope` claim (RFC 9068 §2.2.3) is `scope`."""
    regex = f"(.* )?{re.escape(scope)}( .*)?"
    matcher = {"string_match": {"safe_regex": {"regex": regex}}}
    path = [{"key": jwt.PAYLOAD}, {"key": "scope"}]
    verified = {"filter": jwt.NAME, "path": path, "value": matcher}
    return {"sourced_metadata": {"metadata_matcher": verified}}


FILTER = Filter("envoy.filters.http.rbac", _config, _route)
