"""Removes the query parameter in which a route takes a token, once it was read: the BFF never sees it."""

from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.filters.limit_headers import MUTATION
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target


def _config(platform: Platform, _target: Target) -> Json | None:
    if not any(route.auth.token_query for route in platform.routes):
        return None
    return typed(MUTATION, mutations={})


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    if not route.auth.token_query:
        return None
    removed = [{"remove": route.auth.token_query}]
    return typed(f"{MUTATION}PerRoute", mutations={"query_parameter_mutations": removed})


FILTER = Filter("colonnade.token_query", _config, _route)
