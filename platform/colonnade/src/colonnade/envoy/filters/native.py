"""Words roles and limit headers of a route that Envoy decides alone; the script says how."""

from importlib.resources import files

from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Limit, Route
from colonnade.ir.target import Target

PACKAGE = "envoy.extensions.filters.http.lua.v3"
SCRIPT = files("colonnade.envoy.filters").joinpath("native.lua").read_text(encoding="utf-8")


def _config(_platform: Platform, _target: Target) -> Json:
    return typed(f"{PACKAGE}.Lua", default_source_code={"inline_string": SCRIPT})


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    if not route.decision.native or not (route.limits or route.auth.type == "jwt"):
        return None
    context = _limit(route.limits[0]) if route.limits else {}
    return typed(f"{PACKAGE}.LuaPerRoute", filter_context=context)


def _limit(limit: Limit) -> Json:
    """The limit in the structured fields of draft-ietf-httpapi-ratelimit-headers."""
    window = max(1, round(limit.burst * limit.period_s / limit.count))
    return {"label": f'"{limit.label}"', "policy": f'"{limit.label}";q={limit.burst};w={window}'}


FILTER = Filter("envoy.filters.http.lua", _config, _route)
