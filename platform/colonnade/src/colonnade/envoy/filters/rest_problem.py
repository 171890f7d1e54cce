"""Words the failures of a gRPC service for who asked it by REST; the script says how."""

from colonnade.envoy.filters import lua
from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.filters.transcode import transcodes
from colonnade.envoy.message import Json
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target

SCRIPT = lua.source("rest_problem.lua")


def _config(platform: Platform, _target: Target) -> Json | None:
    if not any(map(transcodes, platform.routes)):
        return None
    return lua.running(SCRIPT)


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    return lua.on_route({}) if transcodes(route) else None


FILTER = Filter("colonnade.rest_problem", _config, _route)
