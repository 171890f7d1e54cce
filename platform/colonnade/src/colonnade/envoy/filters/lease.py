"""Keeps a call to the policy service open beside each stream, for as long as it may stay open.

The policy service answers the request's headers and says nothing more. When the credential ends it ends the
call with an error, and Envoy resets the client's stream; when the client goes, Envoy ends the call.
"""

from colonnade.envoy import hygiene
from colonnade.envoy.clusters import LEASE
from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json, duration, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target

PACKAGE = "envoy.extensions.filters.http.ext_proc.v3"
ANSWER_WITHIN_S = 2.0


def _config(platform: Platform, _target: Target) -> Json | None:
    if not any(route.leased for route in platform.routes):
        return None
    return typed(
        f"{PACKAGE}.ExternalProcessor",
        grpc_service={
            "envoy_grpc": {"cluster_name": LEASE},
            # A policy service that is gone is no reason to refuse: another one grants the lease.
            "retry_policy": {"retry_on": "connect-failure", "num_retries": 2},
        },
        message_timeout=duration(ANSWER_WITHIN_S),
        status_on_error={"code": "ServiceUnavailable"},
        forward_rules={"allowed_headers": {"patterns": [{"exact": hygiene.LEASE}]}},
        # The call stays open for as long as something may still be asked: of a stream, its trailers.
        processing_mode={
            "request_header_mode": "SEND",
            "response_header_mode": "SKIP",
            "response_trailer_mode": "SEND",
        },
    )


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    return typed(f"{PACKAGE}.ExtProcPerRoute", overrides={}) if route.leased else None


FILTER = Filter("envoy.filters.http.ext_proc", _config, _route)
