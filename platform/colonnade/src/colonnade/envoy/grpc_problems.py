"""What Envoy itself refuses, for gRPC clients: a status and a plain message (gRPC over HTTP/2)."""

import re
from collections.abc import Iterator, Mapping, Sequence

from colonnade.envoy.message import Json
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route

CREDENTIAL = "A valid credential is needed, such as an access token: authorization: Bearer …"
RESOURCE_EXHAUSTED = "8"
"""What gRPC calls a 429; Envoy would say UNAVAILABLE, at which clients try again at once."""
TYPES = r"application/grpc(\+.*)?"
TRANSCODED = "x-envoy-original-method"
"""Set where a REST request became a gRPC call: who sent it does not know."""


def grpc_replies(
    platform: Platform, details: Mapping[int, tuple[str, str]], failed: Json, outcome: Json
) -> Iterator[Json]:
    """Yield a mapper for each status of `details`, none where no service speaks gRPC.

    The gRPC status follows from the HTTP status. To gRPC-Web, which knows both, it is HTTP's that tells.
    What the filter `failed` finds of calls to services has the header `outcome`, for the breaker.
    """
    paths = sorted({route.match.prefix for route in platform.routes if route.grpc and _is_call(route)})
    if not paths:
        return
    words = {status: detail for status, (_, detail) in details.items()} | {401: CREDENTIAL}
    for status in (502, 503, 504):
        yield _mapper(words[status], [outcome], _below(paths), failed, _has_status(status))
    for status, detail in words.items():
        headers = [_status(RESOURCE_EXHAUSTED)] if status == 429 else []  # noqa: PLR2004 - HTTP's
        yield _mapper(detail, headers, _has_status(status))


def _is_call(route: Route) -> bool:
    """Whether a route is gRPC's own: those of REST are below the prefix that the manifest gives them."""
    return route.grpc is not None and route.grpc.transcoding is None


def _mapper(detail: str, headers: Sequence[Json], *which: Json) -> Json:
    return {
        "filter": {"and_filter": {"filters": [*_IS_GRPC, *which]}},
        "body_format_override": {"text_format_source": {"inline_string": detail}},
        "headers_to_add": list(headers),
    }


def _below(paths: Sequence[str]) -> Json:
    """Who sends calls elsewhere meets no breaker that would remove the header again."""
    expression = f"({'|'.join(map(re.escape, paths))})(/.*)?"
    return {
        "header_filter": {"header": {"name": ":path", "string_match": {"safe_regex": {"regex": expression}}}}
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
