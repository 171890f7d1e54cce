"""Refuses requests that matter less while a BFF is overloaded, and before they make it worse.

A BFF is overloaded when half of its requests take longer than a part of the time they may take. How many of
a criticality may be under way is then halved ten times a second, and grows again once they are quick (by
Envoy's gradient controller). What matters less is given the smaller part, so that it has made room before
what matters more has waited for long. Critical requests pass.

Each BFF is watched alone, behind the credential and the whole body: neither a slow client, nor one that has
nothing to ask here, can make a BFF look slow.

One filter has the controllers of all groups, and a route names its own: of filters that are switched off,
too, each costs every request a look.
"""

from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.filters.matching import COMPOSITE, MATCHING
from colonnade.envoy.message import Json, duration, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target

NAME = "colonnade.overload"
PACKAGE = "envoy.extensions.filters.http.adaptive_concurrency.v3"
SHED = "reached_concurrency_limit"
"""Begins the details of such a refusal."""
BEARABLE = {"default": 1 / 5, "sheddable": 1 / 20}
"""The part of its read timeout that the median request may take."""
ALWAYS = 64
"""Requests that may be under way however slow they are: fewer are no overload, whatever they wait for."""
MOST = 4096
"""As many as the cluster takes."""
EVERY_S = 0.1
LEAST_S = 0.001
"""Envoy knows no part of a millisecond here."""


def _config(platform: Platform, _target: Target) -> Json | None:
    groups = {_group(route): _bearable_s(route) for route in platform.routes if _watched(route)}
    if not groups:
        return None
    chains = {group: _chain(group, bearable_s) for group, bearable_s in sorted(groups.items())}
    composite = typed(f"{COMPOSITE}.Composite", named_filter_chains=chains)
    extension = {"name": "envoy.filters.http.composite", "typed_config": composite}
    return typed(f"{MATCHING}.ExtensionWithMatcher", extension_config=extension, xds_matcher={})


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    if not _watched(route):
        return None
    action = {
        "name": NAME,
        "typed_config": typed(f"{COMPOSITE}.ExecuteFilterAction", filter_chain_name=_group(route)),
    }
    return typed(f"{MATCHING}.ExtensionWithMatcherPerRoute", xds_matcher={"on_no_match": {"action": action}})


def _watched(route: Route) -> bool:
    # How long a stream is open says nothing.
    return route.criticality in BEARABLE and not route.stream


def _group(route: Route) -> str:
    return f"{route.bff}.{route.criticality}.{duration(_bearable_s(route))}"


def _bearable_s(route: Route) -> float:
    return max(LEAST_S, route.timeouts.read_s * BEARABLE[route.criticality])


def _chain(group: str, bearable_s: float) -> Json:
    controller = typed(
        f"{PACKAGE}.AdaptiveConcurrency",
        gradient_controller_config={
            "concurrency_limit_params": {
                "max_concurrency_limit": MOST,
                "concurrency_update_interval": duration(EVERY_S),
            },
            # Given, not measured: to measure it Envoy would refuse requests in quiet times.
            "min_rtt_calc_params": {
                "fixed_value": duration(bearable_s),
                "buffer": {"value": 0},
                "min_concurrency": ALWAYS,
            },
        },
    )
    return {"typed_config": [{"name": group, "typed_config": controller}]}


FILTER = Filter(NAME, _config, _route)
