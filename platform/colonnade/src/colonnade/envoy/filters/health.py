"""Answers `/healthz`: 200 while the edge serves, 503 once it drains."""

from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.target import Target


def _config(_platform: Platform, _target: Target) -> Json:
    return typed(
        "envoy.extensions.filters.http.health_check.v3.HealthCheck",
        pass_through_mode=False,
        headers=[{"name": ":path", "string_match": {"exact": "/healthz"}}],
    )


FILTER = Filter("envoy.filters.http.health_check", _config, always=True)
