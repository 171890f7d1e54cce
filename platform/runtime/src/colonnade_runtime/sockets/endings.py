"""Why a WebSocket ends, in the codes of RFC 6455 §7.4.1 and its registry."""

from enum import IntEnum
from http import HTTPStatus

import msgspec
from colonnade_runtime.errors import Problem, UpstreamError
from colonnade_runtime.problems import problem

APPLICATION = 4000
"""A `Problem` ends a WebSocket with this and its status: 4404 where there is no such thing."""


class Code(IntEnum):
    """The codes that we send."""

    NORMAL = 1000
    GOING_AWAY = 1001
    INVALID = 1007
    POLICY = 1008
    TOO_LARGE = 1009
    INTERNAL = 1011
    RESTART = 1012
    TRY_LATER = 1013


class Closing(msgspec.Struct, frozen=True, tag="close"):
    """The last message to a client, because Granian's close frames carry no code."""

    code: int
    reason: str


LEFT = Closing(Code.NORMAL, "The client has left.")
DONE = Closing(Code.NORMAL, "")
SILENT = Closing(Code.GOING_AWAY, "Nothing was heard for too long.")
SLOW = Closing(Code.POLICY, "Messages are not taken.")
RESTART = Closing(Code.RESTART, "The service restarts.")


class Gone(Exception):  # noqa: N818 - what happened, and no mistake
    """The WebSocket has ended: nothing can be sent any more."""


class Stopped(Exception):  # noqa: N818 - what happened, and no mistake
    """The process stops."""


def closing(error: Exception, request_id: str) -> Closing:
    """Return what a client is told of an error: of an unexpected one, nothing but its request id."""
    if isinstance(error, Stopped):
        return RESTART
    if isinstance(error, Problem):
        return Closing(APPLICATION + error.status, error.detail)
    if isinstance(error, UpstreamError):
        return Closing(Code.TRY_LATER, problem(error, request_id).document.detail)
    return Closing(Code.INTERNAL, f"Something went wrong, request {request_id}.")


def refusal(error: Exception, request_id: str) -> HTTPStatus:
    """Return the status for a client that was not taken in yet."""
    if isinstance(error, Stopped):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus(problem(error, request_id).document.status)
