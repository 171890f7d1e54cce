"""Words the roles of a token on a route that Envoy decides alone; the script says how."""

from importlib.resources import files

from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target

PACKAGE = "envoy.extensions.filters.http.lua.v3"
SCRIPT = files("colonnade.envoy.filters").joinpath("roles.lua").read_text(encoding="utf-8")


def _config(_platform: Platform, _target: Target) -> Json:
    return typed(f"{PACKAGE}.Lua", default_source_code={"inline_string": SCRIPT})


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    if not route.decision.native or route.auth.type != "jwt":
        return None
    return typed(f"{PACKAGE}.LuaPerRoute", filter_context={})


FILTER = Filter("envoy.filters.http.lua", _config, _route)
