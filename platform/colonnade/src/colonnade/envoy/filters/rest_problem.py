"""Words the failures of a gRPC service for who asked it by REST; the script says how."""

from importlib.resources import files

from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.filters.roles import PACKAGE
from colonnade.envoy.filters.transcode import transcodes
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target

SCRIPT = files("colonnade.envoy.filters").joinpath("rest_problem.lua").read_text(encoding="utf-8")


def _config(platform: Platform, _target: Target) -> Json | None:
    if not any(map(transcodes, platform.routes)):
        return None
    return typed(f"{PACKAGE}.Lua", default_source_code={"inline_string": SCRIPT})


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    return typed(f"{PACKAGE}.LuaPerRoute", filter_context={}) if transcodes(route) else None


FILTER = Filter("colonnade.rest_problem", _config, _route)
