"""What can go wrong, as a tree.

SettingsError              the environment is wrong: one line on stderr, exit code 2
Problem                    an answer to the client, with its status
├── BadRequest             400  the request cannot be read
├── Unauthorized           401  the edge told no identity
├── NotFound               404
├── MethodNotAllowed       405
├── PayloadTooLarge        413
└── Invalid                422  the request can be read, and its content will not do
UpstreamError              a service did not do its part; knows nothing of HTTP answers
├── UpstreamTimeout        it did not answer in time
├── UpstreamUnreachable    no connection, or it broke
├── UpstreamStatus         it answered with another status than 2xx
├── UpstreamMalformed      its answer is not what its contract says
│   └── UpstreamTooLarge   its answer has more bytes than we take
├── UpstreamBusy           it was not asked: as many calls as we allow are under way
└── UpstreamOpen           it was not asked: it failed again and again, and is left alone for a while
"""

from http import HTTPStatus
from typing import Any, ClassVar, Self


class SettingsError(Exception):
    """The environment is wrong; the text says what to set."""


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """An answer that says what went wrong. `detail` is for the client to read: no secrets, no internals."""

    status: HTTPStatus = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = headers

    @classmethod
    def of(cls, status: int) -> "Problem":
        """Return the problem with this status: of a class below, where there is one for it."""
        told = HTTPStatus(status)
        kinds = {kind.status: kind for kind in cls.__subclasses__()}
        problem = kinds.get(told, Problem)(f"{told.phrase}.")
        problem.status = told
        return problem


class BadRequest(Problem):
    """The request cannot be read."""

    status = HTTPStatus.BAD_REQUEST


class Unauthorized(Problem):
    """The edge told no identity where the view needs one."""

    status = HTTPStatus.UNAUTHORIZED


class NotFound(Problem):
    """There is no such thing."""

    status = HTTPStatus.NOT_FOUND


class MethodNotAllowed(Problem):
    """The path is known, with other methods."""

    status = HTTPStatus.METHOD_NOT_ALLOWED


class PayloadTooLarge(Problem):
    """The body is larger than this application takes."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class Invalid(Problem):
    """The request can be read, and its content will not do."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class UpstreamError(Exception):
    """A service did not do its part. `kind` is the word for it in metrics.

    `last_good` is what the same call had brought before, where it is declared to be kept; else None.
    """

    kind: ClassVar[str] = "failed"

    def __init__(self, service: str, detail: str) -> None:
        super().__init__(f"{service}: {detail}")
        self.service = service
        self.last_good: Any = None

    def again(self) -> Self:
        """Return the same error, to be raised to somebody else who waited for the same."""
        other = self.__class__.__new__(self.__class__, *self.args)
        other.__dict__.update(self.__dict__)
        return other


class UpstreamTimeout(UpstreamError):  # noqa: N818 - the name says phase and cause
    """The service did not answer in time."""

    kind = "timeout"


class UpstreamUnreachable(UpstreamError):  # noqa: N818 - the name says phase and cause
    """There was no connection to the service, or it broke."""

    kind = "unreachable"


class UpstreamStatus(UpstreamError):  # noqa: N818 - the name says phase and cause
    """The service answered with another status than 2xx."""

    kind = "status"

    def __init__(self, service: str, status: int) -> None:
        super().__init__(service, f"answered {status}")
        self.status = status


class UpstreamMalformed(UpstreamError):  # noqa: N818 - the name says phase and cause
    """The service's answer is not what its contract says."""

    kind = "malformed"


class UpstreamTooLarge(UpstreamMalformed):
    """The service's answer has more bytes than we take."""

    kind = "too_large"


class UpstreamBusy(UpstreamError):  # noqa: N818 - the name says phase and cause
    """The service was not asked: as many calls to it as we allow are under way."""

    kind = "busy"


class UpstreamOpen(UpstreamError):  # noqa: N818 - the name says phase and cause
    """The service was not asked: it failed again and again, and is left alone for `retry_after` seconds."""

    kind = "open"

    def __init__(self, service: str, retry_after: float) -> None:
        super().__init__(service, f"left alone for {retry_after:.1f} s more")
        self.retry_after = retry_after
