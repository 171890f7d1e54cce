"""What Envoy itself refuses is told as a problem document (RFC 9457), like every other error."""

from colonnade.envoy.filters import overload, scopes
from colonnade.envoy.grpc_problems import grpc_replies
from colonnade.envoy.message import Json, typed
from colonnade.envoy.security_headers import security_headers
from colonnade.ir.platform import Platform

MEDIA_TYPE = "application/problem+json"

DETAILS = {
    400: ("Bad Request", "The request is malformed."),
    401: ("Unauthorized", "A valid access token is needed: Authorization: Bearer …"),
    403: ("Forbidden", "The credential does not carry what this route needs."),
    404: ("Not Found", "No route matches this host, path and method."),
    408: ("Request Timeout", "The request was not received in time."),
    413: ("Content Too Large", "The body is larger than this route takes."),
    426: ("Upgrade Required", "This protocol is not served here."),
    429: ("Too Many Requests", "A limit is reached; Retry-After says when to come back."),
    431: ("Request Header Fields Too Large", "The request's headers are larger than the edge takes."),
    500: ("Internal Server Error", "The edge could not handle the request."),
    502: ("Bad Gateway", "The backend for this front end gave no valid answer."),
    503: ("Service Unavailable", "The backend for this front end cannot be reached; try again shortly."),
    504: ("Gateway Timeout", "The backend for this front end did not answer in time."),
}
REALM = 'Bearer realm="colonnade"'
INVALID = f'{REALM}, error="invalid_token"'
JWT_DENIED = "jwt_authn_access_denied"
NO_CALL = tuple(f"{when}grpc_json_transcode_failure{{INVALID_ARGUMENT}}" for when in ("", "early_"))
"""What Envoy says of a REST request that becomes no gRPC call; its body tells why."""
POLICY_DOWN = ("Service Unavailable", "The edge cannot decide about this request now; try again shortly.")

SHED = ("Service Unavailable", "There is more to do than can be done, and this can wait; try again shortly.")


def local_replies(platform: Platform) -> Json:
    """Return how Envoy words its own answers.

    A refusal of the policy service is worded already, and passes as it is.
    """
    denied = _document(401, *DETAILS[401])
    passing = {"text_format_source": {"inline_string": "%LOCAL_REPLY_BODY%"}, "content_type": MEDIA_TYPE}
    return {
        "mappers": [
            *grpc_replies(platform, DETAILS),
            *_transcoding(platform),
            _mapper(_details("ext_authz_error"), _document(503, *POLICY_DOWN), _retry_after()),
            _mapper(_details("ext_authz_denied"), passing),
            _mapper(_details(overload.SHED), _document(503, *SHED), _retry_after()),
            _mapper(_details(f"{JWT_DENIED}{{Jwt_is_missing}}"), denied, _challenge(REALM)),
            # Envoy says 403 of a token for another audience; RFC 6750 §3.1 wants 401, invalid_token.
            _mapper(_details(JWT_DENIED), denied, _challenge(INVALID)) | {"status_code": 401},
            _mapper(_details(scopes.DENIED), _document(403, *DETAILS[403]), _challenge(scopes.CHALLENGE)),
            *(_status_mapper(status, *words) for status, words in DETAILS.items()),
            # What has no words of its own, a redirect say.
            {"filter": _status("GE", 100), "headers_to_add": security_headers()},
        ]
    }


def _transcoding(platform: Platform) -> list[Json]:
    """What is wrong with a request that should have become a gRPC call."""
    if not any(route.grpc for route in platform.routes):
        return []
    told = _document(400, "Bad Request", "%LOCAL_REPLY_BODY%")
    return [_mapper(_details(said), told) for said in NO_CALL]


def _status_mapper(status: int, title: str, detail: str) -> Json:
    more = [_retry_after()] if status == 503 else []  # noqa: PLR2004 - HTTP's
    return _mapper(_status("EQ", status), _document(status, title, detail), *more)


def _mapper(which: Json, body: Json, *headers: Json) -> Json:
    return {"filter": which, "body_format_override": body, "headers_to_add": [*headers, *security_headers()]}


def _status(comparison: str, status: int) -> Json:
    value = {"default_value": status, "runtime_key": f"colonnade.problem.{status}"}
    return {"status_code_filter": {"comparison": {"op": comparison, "value": value}}}


def _document(status: int, title: str, detail: str) -> Json:
    fields = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return {"json_format": {**fields, "request_id": "%REQ(X-REQUEST-ID)%"}, "content_type": MEDIA_TYPE}


def _retry_after() -> Json:
    return {"header": {"key": "retry-after", "value": "1"}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def _challenge(value: str) -> Json:
    # Envoy names the whole URL as the realm, with whatever secret stands in its query.
    return {
        "header": {"key": "www-authenticate", "value": value},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }


def _details(text: str) -> Json:
    expression = f'response.code_details.startsWith("{text}")'
    config = typed("envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter", expression=expression)
    return {
        "extension_filter": {"name": "envoy.access_loggers.extension_filters.cel", "typed_config": config}
    }
