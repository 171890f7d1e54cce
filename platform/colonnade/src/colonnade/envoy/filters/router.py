"""Sends the request to its cluster."""

from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.target import Target


def _config(_platform: Platform, _target: Target) -> Json:
    return typed("envoy.extensions.filters.http.router.v3.Router")


FILTER = Filter("envoy.filters.http.router", _config, always=True)
