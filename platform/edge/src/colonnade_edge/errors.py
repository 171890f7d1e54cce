"""Everything that can go wrong in the edge.

EdgeError
├── SettingsError            the environment does not say what the process needs: exit 2
├── StoreUnavailable         the store did not answer in time, or is known to be down
└── Refused                  the request is answered here and does not pass
    ├── BadRequest           400
    ├── Unauthenticated      401
    ├── Forbidden            403
    │   ├── InsufficientScope
    │   ├── NotInGroup
    │   ├── ClaimNotHeld
    │   ├── ProgramsOnly
    │   ├── CsrfHeaderMissing
    │   └── CrossOrigin
    ├── NotFound             404
    ├── NotDone              409: the order was right, and could not be carried out
    ├── LimitExceeded        429
    ├── Broken               500: our own mistake
    ├── ProviderFailed       502: the identity provider did not do its part
    └── Unavailable          503
        └── Overloaded
"""


class EdgeError(Exception):
    """Anything the edge raises on purpose."""


class SettingsError(EdgeError):
    """The environment lacks or garbles a setting; the text says which and what to do."""


class StoreUnavailable(EdgeError):  # noqa: N818 - a state of the store, not a mistake of the caller
    """The store did not answer within its time, or is known to be down."""


class Refused(EdgeError):  # noqa: N818 - a decision, not a mistake
    """The request is answered here; subclasses say why, and `consumer` whose it was, where that is known."""

    title = "Refused"
    slug = "refused"
    consumer = ""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class BadRequest(Refused):
    """The request cannot be understood, or does not belong to a login that we began."""

    title = "Bad request"
    slug = "bad-request"


class Unauthenticated(Refused):
    """No credential, or one that is not valid; `challenge` is the WWW-Authenticate value."""

    title = "Authentication required"
    slug = "unauthenticated"

    def __init__(self, detail: str, challenge: str) -> None:
        super().__init__(detail)
        self.challenge = challenge


class Forbidden(Refused):
    """The credential is valid, and does not suffice."""

    title = "Forbidden"
    slug = "forbidden"


class InsufficientScope(Forbidden):
    """The route wants scopes that were not granted; `challenge` tells how a token could have them."""

    title = "Insufficient scope"
    slug = "insufficient-scope"

    def __init__(self, required: tuple[str, ...], challenge: str = "") -> None:
        super().__init__(f"this route requires the scopes: {' '.join(required)}")
        self.required = required
        self.challenge = challenge


class NotInGroup(Forbidden):
    """The sender is in none of the groups that the route is for."""

    title = "Not in a group that may"
    slug = "not-in-group"


class ClaimNotHeld(Forbidden):
    """The token's claim has none of the values that the route requires, or is missing."""

    title = "Claim not held"
    slug = "claim-not-held"


class ProgramsOnly(Forbidden):
    """The route is for programs that act for themselves, and the token is a person's."""

    title = "Programs only"
    slug = "programs-only"


class CsrfHeaderMissing(Forbidden):
    """An unsafe method with a session cookie came without the header that only our own pages can send."""

    title = "CSRF header missing"
    slug = "csrf-header-missing"


class CrossOrigin(Forbidden):
    """A page of another origin sent a request with a session cookie."""

    title = "Cross-origin request"
    slug = "cross-origin-request"


class NotFound(Refused):
    """There is nothing at this path."""

    title = "Not found"
    slug = "not-found"


class NotDone(Refused):
    """The order was right, and its work failed; everything is as it was."""

    title = "Not done"
    slug = "not-done"


class LimitExceeded(Refused):
    """A limit has no token left; `headers` tell when it will."""

    title = "Rate limit exceeded"
    slug = "rate-limit-exceeded"

    def __init__(self, limit: str, retry_after_s: int, headers: list[tuple[str, str]]) -> None:
        super().__init__(f"the limit {limit!r} is used up; try again in {retry_after_s} s")
        self.limit = limit
        self.retry_after_s = retry_after_s
        self.headers = headers


class Broken(Refused):
    """The edge itself made a mistake; the request does not pass."""

    title = "Internal error"
    slug = "internal-error"


class ProviderFailed(Refused):
    """The identity provider could not be reached, or answered what OpenID Connect forbids."""

    title = "Identity provider failed"
    slug = "identity-provider-failed"


class Unavailable(Refused):
    """The edge cannot decide now, and letting the request pass would be unsafe."""

    title = "Temporarily unavailable"
    slug = "unavailable"


class Overloaded(Unavailable):
    """There is more to decide than can be decided, and this request matters less than others."""

    title = "Overloaded"
    slug = "overloaded"
