"""What Envoy itself refuses is told as a problem document (RFC 9457), like every other error."""

from collections.abc import Sequence

from colonnade.envoy.filters import breaker, overload, scopes
from colonnade.envoy.grpc_problems import grpc_replies
from colonnade.envoy.message import Json, typed
from colonnade.envoy.overload import OVERLOADED
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
NO_UPGRADE = ("Forbidden", "This route takes no WebSockets.")
REALM = 'Bearer realm="colonnade"'
INVALID = f'{REALM}, error="invalid_token"'
JWT_DENIED = "jwt_authn_access_denied"
NO_CALL = tuple(f"{when}grpc_json_transcode_failure{{INVALID_ARGUMENT}}" for when in ("", "early_"))
"""What Envoy says of a REST request that becomes no gRPC call; its body tells why."""
FAILED_FLAGS = ("UF", "UC", "UR", "LR", "UT", "UPE")
"""The upstream could not be reached, broke off, took too long or spoke no HTTP."""
NOT_ASKED_FLAGS = ("UO", "UH")
"""As much as may be is under way already, or no instance is well."""
OPEN = (
    "Service Unavailable",
    "The backend for this front end failed repeatedly and is left alone; Retry-After says for how long.",
)
POLICY_DOWN = ("Service Unavailable", "The edge cannot decide about this request now; try again shortly.")
SHED = ("Service Unavailable", "There is more to do than can be done, and this can wait; try again shortly.")
FULL = ("Service Unavailable", "The edge has more to do than it can; try again shortly.")


def local_replies(platform: Platform) -> Json:
    """Return how Envoy words its own answers.

    A refusal of the policy service is worded already, and passes as it is.
    """
    denied, unasked = _document(401, *DETAILS[401]), _outcome("unasked")
    passing = {"text_format_source": {"inline_string": "%LOCAL_REPLY_BODY%"}, "content_type": MEDIA_TYPE}
    return {
        "mappers": [
            *grpc_replies(platform, DETAILS, _flags(FAILED_FLAGS), _outcome("failed")),
            *_transcoding(platform),
            _mapper(_details("ext_authz_error"), _document(503, *POLICY_DOWN), _retry_after(), unasked),
            _mapper(_all(_details("ext_authz_denied"), _status("GE", 500)), passing, unasked),
            _mapper(_details("ext_authz_denied"), passing),
            _mapper(_details(OVERLOADED), _document(503, *FULL), _retry_after()),
            _mapper(_details(overload.SHED), _document(503, *SHED), _retry_after(), unasked),
            _mapper(_details(breaker.REFUSED), _document(503, *OPEN), unasked),
            _mapper(_details(f"{JWT_DENIED}{{Jwt_is_missing}}"), denied, _challenge(REALM)),
            # Envoy says 403 of a token for another audience; RFC 6750 §3.1 wants 401, invalid_token.
            _mapper(_details(JWT_DENIED), denied, _challenge(INVALID)) | {"status_code": 401},
            _mapper(_details(scopes.DENIED), _document(403, *DETAILS[403]), _challenge(scopes.CHALLENGE)),
            _mapper(_details("upgrade_failed"), _document(403, *NO_UPGRADE)),
            *(_upstream_mapper(FAILED_FLAGS, status, _outcome("failed")) for status in (502, 503, 504)),
            _upstream_mapper(NOT_ASKED_FLAGS, 503, unasked),
            *(_mapper(_status("EQ", status), *_worded(status)) for status in DETAILS),
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


def _upstream_mapper(flags: Sequence[str], status: int, outcome: Json) -> Json:
    """Tell the breaker what became of a request, with a header that it removes again."""
    which = _all(_flags(flags), _status("EQ", status))
    return _mapper(which, *_worded(status), outcome)


def _flags(flags: Sequence[str]) -> Json:
    return {"response_flag_filter": {"flags": flags}}


def _worded(status: int) -> tuple[Json, ...]:
    """Return the problem document of a status, and the headers that go with it."""
    return _document(status, *DETAILS[status]), *([_retry_after()] if status == 503 else [])  # noqa: PLR2004


def _mapper(which: Json, body: Json, *headers: Json) -> Json:
    return {"filter": which, "body_format_override": body, "headers_to_add": [*headers, *security_headers()]}


def _all(*filters: Json) -> Json:
    return {"and_filter": {"filters": filters}}


def _status(comparison: str, status: int) -> Json:
    value = {"default_value": status, "runtime_key": f"colonnade.problem.{status}"}
    return {"status_code_filter": {"comparison": {"op": comparison, "value": value}}}


def _document(status: int, title: str, detail: str) -> Json:
    fields = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return {"json_format": {**fields, "request_id": "%REQ(X-REQUEST-ID)%"}, "content_type": MEDIA_TYPE}


def _header(name: str, value: str) -> Json:
    return {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def _outcome(outcome: str) -> Json:
    return _header(breaker.OUTCOME, outcome)


def _retry_after() -> Json:
    return _header("retry-after", "1")


def _challenge(value: str) -> Json:
    # Envoy names the whole URL as the realm, with whatever secret stands in its query.
    return _header("www-authenticate", value)


def _details(text: str) -> Json:
    expression = f'response.code_details.startsWith("{text}")'
    config = typed("envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter", expression=expression)
    return {
        "extension_filter": {"name": "envoy.access_loggers.extension_filters.cel", "typed_config": config}
    }
