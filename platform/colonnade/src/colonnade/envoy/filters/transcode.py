"""Takes REST requests to a service that speaks gRPC, as the HTTP rules of its proto files say."""

from base64 import b64encode

from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target

MESSAGE = "envoy.extensions.filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder"
NAME = "envoy.filters.http.grpc_json_transcoder"
MAX_ANSWER = 4 * 1024 * 1024
"""Bytes of a message that is made JSON; more than gRPC's own clients take, unless told otherwise."""


def transcodes(route: Route) -> bool:
    """Return whether requests on `route` are REST and become gRPC."""
    return route.grpc is not None and route.grpc.transcoding is not None


def _config(platform: Platform, _target: Target) -> Json | None:
    return typed(MESSAGE, proto_descriptor_bin="") if any(map(transcodes, platform.routes)) else None


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    if route.grpc is None or route.grpc.transcoding is None:
        return None
    return typed(
        MESSAGE,
        proto_descriptor_bin=b64encode(route.grpc.transcoding.descriptor).decode(),
        services=list(route.grpc.transcoding.services),
        # The route was chosen by the REST path, and what it asks holds.
        match_incoming_request_route=True,
        # A misspelled parameter is told, not overlooked.
        request_validation_options={
            "reject_unknown_method": True,
            "reject_unknown_query_parameters": True,
            "reject_binding_body_field_collisions": True,
        },
        print_options={"always_print_primitive_fields": True, "preserve_proto_field_names": True}
        | ({"stream_newline_delimited": True} if route.stream else {}),
        max_request_body_size=route.max_body,
        max_response_body_size=MAX_ANSWER,
    )


FILTER = Filter(NAME, _config, _route)
