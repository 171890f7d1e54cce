"""How long an answer may be kept, by whom, and how a client asks whether what it kept still holds.

RFC 9111 (caching), RFC 5861 (stale answers), RFC 9110 §8.8.3 and §13.1.2 (validators).
"""

from hashlib import sha256
from typing import NamedTuple

import msgspec
from colonnade_runtime.events import Events

Headers = list[tuple[str, str]]
ETAG = "etag"
KEPT = frozenset({"cache-control", ETAG, "vary", "age"})
"""The headers that a 304 repeats (RFC 9110 §15.4.5)."""


class Encoded(NamedTuple):
    """An answer as it is sent; `events` in place of a body, where there are such."""

    status: int
    headers: Headers
    body: bytes
    events: Events | None = None


class Caching(msgspec.Struct, frozen=True):
    """How the answers of a view may be kept; made by `shared` and `private`."""

    shared: bool
    max_age: int
    stale_while_revalidate: int = 0
    stale_if_error: int = 0

    def __post_init__(self) -> None:
        """Raise `ValueError` for seconds that no header can say (RFC 9111 §1.2.2)."""
        for name in ("max_age", "stale_while_revalidate", "stale_if_error"):
            seconds = getattr(self, name)
            if not isinstance(seconds, int) or seconds < 0:
                raise ValueError(f"{name}={seconds!r}: give whole seconds, 0 or more")

    @property
    def keep_for(self) -> int:
        """For how many seconds an answer may be of use; 0 where it need not be kept."""
        return self.max_age + max(self.stale_while_revalidate, self.stale_if_error)

    def cache_control(self, *, public: bool) -> str:
        """Return the header's value; `public` says whether caches between may answer in our place."""
        if not self.max_age:
            return "no-cache" if public else "private, no-cache"
        told = ["public" if public else "private", f"max-age={self.max_age}"]
        if self.stale_while_revalidate:
            told.append(f"stale-while-revalidate={self.stale_while_revalidate}")
        if self.stale_if_error:
            told.append(f"stale-if-error={self.stale_if_error}")
        return ", ".join(told)


def shared(max_age: int, *, stale_while_revalidate: int = 0, stale_if_error: int = 0) -> Caching:
    """Return that answers are the same for all who ask, and hold for `max_age` seconds.

    So that this is true, the view is not told who asks, nor are the services that it calls. Caches between
    may keep answers only where the application has no `caller`: they would not check one.
    """
    return Caching(True, max_age, stale_while_revalidate, stale_if_error)


def private(max_age: int = 0, *, stale_while_revalidate: int = 0, stale_if_error: int = 0) -> Caching:
    """Return that answers are for who asked; without `max_age`, kept ones are asked about each time."""
    return Caching(False, max_age, stale_while_revalidate, stale_if_error)


def etag(body: bytes) -> str:
    """Return the validator of a body.

    A weak one: the edge compresses answers, and has to take a strong one away from what it compresses.
    """
    return f'W/"{sha256(body).hexdigest()[:24]}"'


def tag_of(encoded: Encoded) -> str | None:
    """Return the validator of an answer; None where it may not be kept."""
    return next((value for name, value in encoded.headers if name == ETAG), None)


def conditional(encoded: Encoded, if_none_match: str | None) -> Encoded:
    """Return a 304 where the client has this very answer already, and else the answer."""
    if if_none_match is None:
        return encoded
    tag = tag_of(encoded)
    if tag is None or not _matches(if_none_match, tag):
        return encoded
    return Encoded(304, [header for header in encoded.headers if header[0] in KEPT], b"")


def _matches(if_none_match: str, tag: str) -> bool:
    """Compare weakly, as GET and HEAD do."""
    given = (one.strip().removeprefix("W/") for one in if_none_match.split(","))
    return if_none_match.strip() == "*" or tag.removeprefix("W/") in given
