"""What is sent back, and how a refusal becomes `application/problem+json` (RFC 9457)."""

import msgspec

from colonnade_edge.errors import (
    BadRequest,
    Broken,
    Forbidden,
    InsufficientScope,
    LimitExceeded,
    NotDone,
    NotFound,
    ProviderFailed,
    Refused,
    Unauthenticated,
    Unavailable,
)

Headers = list[tuple[str, str]]

CONSUMER = "x-colonnade-consumer"
"""Whose request was refused, for Envoy's access log; the client is not told."""

PROBLEM = ("content-type", "application/problem+json")
NO_STORE = ("cache-control", "no-store")
RETRY_UNAVAILABLE_S = 1
"""The edge's own outages heal in about this time; also the breaker's scale."""

STATUS: tuple[tuple[type[Refused], int], ...] = (
    (BadRequest, 400),
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (NotDone, 409),
    (LimitExceeded, 429),
    (Broken, 500),
    (ProviderFailed, 502),
    (Unavailable, 503),
)


class Answer(msgspec.Struct, frozen=True):
    """One HTTP response."""

    status: int
    headers: Headers
    body: bytes = b""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """A problem detail object."""

    type: str
    title: str
    status: int
    detail: str
    limit: str | None = None
    retry_after: int | None = None
    required_scopes: tuple[str, ...] = ()


def status_of(refused: Refused) -> int:
    """Return the HTTP status that a refusal is answered with."""
    return next(status for kind, status in STATUS if isinstance(refused, kind))


def refusal(refused: Refused) -> Answer:
    """Return the problem document that tells the client why, and what to do about it."""
    status = status_of(refused)
    headers: Headers = [PROBLEM, NO_STORE]
    if refused.consumer:
        headers.append((CONSUMER, refused.consumer))
    problem = Problem(f"urn:colonnade:problem:{refused.slug}", refused.title, status, refused.detail)
    match refused:
        case LimitExceeded():
            headers += [("retry-after", str(refused.retry_after_s)), *refused.headers]
            problem = msgspec.structs.replace(problem, limit=refused.limit, retry_after=refused.retry_after_s)
        case Unauthenticated():
            headers.append(("www-authenticate", refused.challenge))
        case InsufficientScope():
            if refused.challenge:
                headers.append(("www-authenticate", refused.challenge))
            problem = msgspec.structs.replace(problem, required_scopes=refused.required)
        case Unavailable():
            headers.append(("retry-after", str(RETRY_UNAVAILABLE_S)))
        case _:
            pass
    return Answer(status, headers, msgspec.json.encode(problem))


def json_answer(status: int, value: object) -> Answer:
    """Return `value` as JSON that no cache keeps."""
    return Answer(status, [("content-type", "application/json"), NO_STORE], msgspec.json.encode(value))
