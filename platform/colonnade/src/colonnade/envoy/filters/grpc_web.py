"""Translates gRPC-Web, which pages can speak, to the gRPC of a service."""

from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target

MESSAGE = "envoy.extensions.filters.http.grpc_web.v3.GrpcWeb"


def native(route: Route) -> bool:
    """Return whether requests on `route` are gRPC already, or gRPC-Web."""
    return route.grpc is not None and route.grpc.transcoding is None


def _config(platform: Platform, _target: Target) -> Json | None:
    return typed(MESSAGE) if any(map(native, platform.routes)) else None


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    return typed("envoy.config.route.v3.FilterConfig", config={}) if native(route) else None


FILTER = Filter("envoy.filters.http.grpc_web", _config, _route)
