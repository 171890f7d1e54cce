"""Token buckets that each edge keeps for itself."""

from collections.abc import Sequence
from math import ceil

from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json, duration, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Limit, Route
from colonnade.ir.target import Target
from colonnade_policy.limits import Rule
from colonnade_policy.limits.rule import SECOND_US

NAME = "envoy.filters.http.local_ratelimit"
MESSAGE = "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
MAX_BUCKETS = 100_000
"""Buckets kept for one limit. Envoy's default of 20 would forget, and so refill, the 21st consumer."""
UNLIMITED: Json = {"max_tokens": 4_294_967_295, "tokens_per_fill": 4_294_967_295, "fill_interval": "1s"}

Part = tuple[Json, Json]
"""An entry of a descriptor, and the action that fills it in."""
CLIENT: Part = (
    {"key": "client"},
    {"request_headers": {"header_name": "x-client-id", "descriptor_key": "client"}},
)
NOBODY: Part = (
    {"key": "user", "value": "none"},
    {
        "header_value_match": {
            "descriptor_key": "user",
            "descriptor_value": "none",
            "headers": [{"name": "x-user-id", "present_match": True, "invert_match": True}],
        }
    },
)
"""A program has no user."""

LOGIN = Limit(
    name="auth.login",
    label="login",
    text="300/minute",
    rule=Rule("token_bucket", 300, 60_000_000, 100),
    key=("ip",),
    policy="local",
    on_store_failure="allow",
)
"""Login pages, callbacks and session checks, by address."""


def _config(_platform: Platform, _target: Target) -> Json:
    return typed(MESSAGE, stat_prefix="local_limit")


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    if not route.decision.native or not route.limits:
        return None
    return _bucket(route.limits[0], route.auth.type, route.cost or 1)


def login_limit() -> Json:
    """Return the filter settings of the login pages, which no BFF's limits cover."""
    return {NAME: _bucket(LOGIN, "none", 1)}


def _bucket(limit: Limit, auth: str, cost: int) -> Json:
    bucket = {
        "max_tokens": limit.rule.burst,
        "tokens_per_fill": limit.rule.rate,
        "fill_interval": duration(limit.rule.period_us / SECOND_US),
    }
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    addend = {"hits_addend": {"number": cost}} if cost > 1 else {}
    counted = _counted(limit.key, auth)
    return typed(
        MESSAGE,
        stat_prefix=f"limit.{limit.name}",
        filter_enabled=always,
        filter_enforced=always,
        token_bucket=UNLIMITED,
        rate_limits=[{"actions": [action for _, action in one]} | addend for one in counted],
        descriptors=[{"entries": [entry for entry, _ in one], "token_bucket": bucket} for one in counted],
        always_consume_default_token_bucket=False,
        max_dynamic_descriptors=MAX_BUCKETS,
        enable_x_ratelimit_headers="DRAFT_VERSION_03",
        response_headers_to_add=[_retry_after(limit)],
        **({"local_cluster_rate_limit": {}} if limit.policy == "cluster" else {}),
    )


def _counted(keys: Sequence[str], auth: str) -> list[list[Part]]:
    """Return what makes up the name of a bucket: a person's and, where consumers are counted, a program's."""
    if auth == "none":
        keys = ["ip" if key == "consumer" else key for key in keys]
    people = [_part(key) for key in keys]
    if "consumer" not in keys:
        return [people]
    return [people, [NOBODY, *(CLIENT if key == "consumer" else _part(key) for key in keys)]]


def _part(key: str) -> Part:
    """Return a part of the name: an entry without a value takes any, so each value has a bucket."""
    if key == "ip":
        return {"key": "remote_address"}, {"remote_address": {}}
    if key == "route":
        return {"key": key}, {"generic_key": {"descriptor_key": key, "descriptor_value": key}}
    header = "x-user-id" if key == "consumer" else key.removeprefix("header:")
    return {"key": key}, {"request_headers": {"header_name": header, "descriptor_key": key}}


def _retry_after(limit: Limit) -> Json:
    """The time in which the bucket gains a token, in whole seconds."""
    seconds = max(1, ceil(limit.rule.period_us / SECOND_US / limit.rule.rate))
    return {
        "header": {"key": "retry-after", "value": str(seconds)},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }


FILTER = Filter(NAME, _config, _route)
