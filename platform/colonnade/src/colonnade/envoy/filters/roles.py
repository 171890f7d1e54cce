"""Words what a token says of a user on a route that Envoy decides alone; the script says how."""

from colonnade.envoy.filters import lua
from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target

SCRIPT = lua.source("roles.lua")


def _config(_platform: Platform, _target: Target) -> Json:
    return lua.running(SCRIPT)


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    if not route.decision.native or route.auth.type != "jwt":
        return None
    return lua.on_route({})


FILTER = Filter("envoy.filters.http.lua", _config, _route)
