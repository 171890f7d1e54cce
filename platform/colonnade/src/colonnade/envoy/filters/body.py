"""Receives the whole body before a BFF is bothered, up to the route's bound (413 beyond)."""

from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target

PACKAGE = "envoy.extensions.filters.http.buffer.v3"
NAME = "envoy.filters.http.buffer"


def _config(platform: Platform, _target: Target) -> Json:
    return typed(f"{PACKAGE}.Buffer", max_request_bytes=platform.edge.max_body)


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    if route.stream:  # neither side waits for the other to finish
        return None
    return typed(f"{PACKAGE}.BufferPerRoute", buffer={"max_request_bytes": route.max_body})


FILTER = Filter(NAME, _config, _route)
