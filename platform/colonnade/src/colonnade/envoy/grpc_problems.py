"""What Envoy itself refuses, for gRPC clients: a status and a plain message (gRPC over HTTP/2)."""

from collections.abc import Iterator, Mapping

from colonnade.envoy.message import Json
from colonnade.ir.platform import Platform

CREDENTIAL = "A valid credential is needed, such as an access token: authorization: Bearer …"
RESOURCE_EXHAUSTED = "8"
"""What gRPC calls a 429; Envoy would say UNAVAILABLE, at which clients try again at once."""
TYPES = r"application/grpc(\+.*)?"
TRANSCODED = "x-envoy-original-method"
"""Set where a REST request became a gRPC call: who sent it does not know."""


def grpc_replies(platform: Platform, details: Mapping[int, tuple[str, str]]) -> Iterator[Json]:
    """Yield a mapper for each status of `details`, none where no service speaks gRPC.

    The gRPC status follows from the HTTP status. To gRPC-Web, which knows both, it is HTTP's that tells.
    """
    if not any(route.grpc for route in platform.routes):
        return
    words = {status: detail for status, (_, detail) in details.items()} | {401: CREDENTIAL}
    for status, detail in words.items():
        headers = [_status(RESOURCE_EXHAUSTED)] if status == 429 else []  # noqa: PLR2004 - HTTP's
        yield {
            "filter": {"and_filter": {"filters": [*_IS_GRPC, _has_status(status)]}},
            "body_format_override": {"text_format_source": {"inline_string": detail}},
            "headers_to_add": headers,
        }


_IS_GRPC: tuple[Json, ...] = (
    {"header_filter": {"header": {"name": "content-type", "string_match": {"safe_regex": {"regex": TYPES}}}}},
    {"header_filter": {"header": {"name": TRANSCODED, "present_match": False}}},
)


def _has_status(status: int) -> Json:
    value = {"default_value": status, "runtime_key": f"colonnade.grpc.{status}"}
    return {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}}


def _status(code: str) -> Json:
    header = {"key": "grpc-status", "value": code}
    return {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
