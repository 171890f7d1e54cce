"""One JSON line for each request, on standard output; no query, no credential."""

from colonnade.envoy import hygiene
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform

FIELDS = {
    "time": "%START_TIME%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "traceparent": "%REQ(TRACEPARENT)%",
    "route": "%ROUTE_NAME%",
    "method": "%REQ(:METHOD)%",
    "host": "%REQ(:AUTHORITY)%",
    "path": "%PATH(NQ:ORIG_OR_PATH)%",
    "protocol": "%PROTOCOL%",
    "status": "%RESPONSE_CODE%",
    "flags": "%RESPONSE_FLAGS%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "duration_ms": "%DURATION%",
    "upstream_ms": "%RESPONSE_DURATION%",
    "bytes_in": "%BYTES_RECEIVED%",
    "bytes_out": "%BYTES_SENT%",
    "upstream": "%UPSTREAM_HOST%",
    "client": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
    "user": "%REQ(X-USER-ID)%",
    "client_id": "%REQ(X-CLIENT-ID)%",
    "device": "%REQ(X-DEVICE-ID)%",
    "roles": "%REQ(X-USER-ROLES)%",
    "refused": f"%DYNAMIC_METADATA(envoy.filters.http.ext_authz:{hygiene.CONSUMER})%",
}


GRPC_FIELDS = {"grpc_status": "%GRPC_STATUS_NUMBER%"}
"""Beside the HTTP status, which is 200 whatever became of a call."""

CANARY_FIELDS = {"bff": "%UPSTREAM_CLUSTER%"}
"""Whom the request was sent to, where a route has more than one to choose from."""


def access_log(platform: Platform) -> Json:
    """Return the access log of the edge; health checks are left out."""
    fields = FIELDS | (GRPC_FIELDS if any(route.grpc for route in platform.routes) else {})
    fields |= CANARY_FIELDS if any(bff.canary for bff in platform.bffs) else {}
    config = typed(
        "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
        log_format={"json_format": fields, "omit_empty_values": True},
    )
    return {
        "name": "envoy.access_loggers.stdout",
        "filter": {"not_health_check_filter": {}},
        "typed_config": config,
    }
