"""Leaves a BFF alone that fails again and again; the script says how.

It sees what became of a request in the status, and where the edge itself gave the answer, in a header that
the local replies carry up to here.
"""

from colonnade.envoy.filters import lua
from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target

NAME = "colonnade.breaker"
OUTCOME = "x-colonnade-outcome"
REFUSED = "lua_response"
"""What Envoy calls the answer of a script; no other script answers."""
GRPC = "grpc"
SCRIPT = lua.source("breaker.lua")
GRPC_SCRIPT = SCRIPT + lua.source("breaker_grpc.lua")


def _config(platform: Platform, _target: Target) -> Json:
    calls = any(route.grpc for route in platform.routes)
    named = {"source_codes": {GRPC: lua.inline(GRPC_SCRIPT)}} if calls else {}
    return lua.running(SCRIPT, **named, stat_prefix="breaker")


def _route(route: Route, _platform: Platform, _target: Target) -> Json:
    breaker = route.breaker
    settings = {
        "route": route.id,
        "failures": breaker.failures,
        "successes": breaker.successes,
        "first_pause": breaker.first_pause_s * 1000,
        "max_pause": breaker.max_pause_s * 1000,
        "unhealthy": list(breaker.unhealthy),
        # No answer is under way for longer; a stream has answered when it begins.
        "patience": (route.timeouts.idle_s if route.stream else route.timeouts.read_s) * 1000,
    }
    if breaker.healthy is not None:
        settings["healthy"] = list(breaker.healthy)
    if route.grpc is None:
        return lua.on_route(settings)
    if route.stream:
        settings["stream"] = True
    return lua.on_route(settings, name=GRPC)


def events() -> Json:
    """Return an access log that counts what requests did to breakers: `breaker.events`, by route and event.

    An event is `opened`, `probed`, `closed` or `refused`; a request without one is not counted.
    """
    tags = {"route": "%ROUTE_NAME%", "event": f"%DYNAMIC_METADATA({NAME}:event)%"}
    stat = {"name": "events", "tags": [{"name": name, "value_format": text} for name, text in tags.items()]}
    there = {"filter": NAME, "path": [{"key": "event"}], "value": {"present_match": True}}
    return {
        "name": "envoy.access_loggers.stats",
        "filter": {"metadata_filter": {"matcher": there, "match_if_key_not_found": False}},
        "typed_config": typed(
            "envoy.extensions.access_loggers.stats.v3.Config",
            stat_prefix="breaker",
            counters=[{"stat": stat, "value_fixed": 1}],
        ),
    }


FILTER = Filter(NAME, _config, _route, always=True)
