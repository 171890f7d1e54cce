"""Web sessions: an opaque cookie, and a record that lives in the store only."""

import math
import re
import secrets
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from colonnade_edge.authn.credential import Confirmed
from colonnade_edge.authn.identity import Person, of_person
from colonnade_edge.errors import Unauthenticated
from colonnade_edge.revocation.provenance import Provenance

CHALLENGE = 'Session realm="colonnade", login="/auth/login"'
SESSION_PREFIX = "colonnade:session:"
SECURE_COOKIE = "__Host-colonnade"
PLAIN_COOKIE = "colonnade"
ID_BYTES = 32

_FORM = re.compile(r"[A-Za-z0-9_-]{43}")


class SessionRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the store keeps of a session; its tokens lie apart. Times are seconds since 1970.

    `user` is what upstreams know the person by, where that is not `sub`.
    """

    sub: str
    email: str
    name: str
    roles: tuple[str, ...]
    scopes: tuple[str, ...]
    client_id: str
    sid: str
    created: float
    expires: float
    refresh_at: float | None = None
    user: str = ""

    @property
    def consumer(self) -> str:
        """Whom limits count and the audit log names."""
        return f"user:{self.user or self.sub}"


_decoder = msgspec.json.Decoder(SessionRecord)


class Session:
    """A session cookie as it was presented."""

    __slots__ = ("digest", "idle_s", "store_key")

    def __init__(self, cookie: str, idle_s: int) -> None:
        self.digest = digest_of(cookie)
        self.store_key = session_key(self.digest)
        self.idle_s = idle_s

    def confirm(self, record: bytes | None) -> Confirmed:
        """Return who logged in; raise `Unauthenticated` where the session is unknown."""
        if record is None:
            raise self.expired()
        kept = _decoder.decode(record)
        person = Person(kept.user or kept.sub, kept.email, kept.roles, kept.client_id)
        sender = of_person(person, f"session:{self.digest}", kept.scopes, CHALLENGE)
        identity = replace(sender, provenance=provenance_of(kept, self.digest))
        refresh_at = math.inf if kept.refresh_at is None else kept.refresh_at
        return Confirmed(record, identity, kept.expires, refresh_at)

    def expired(self) -> Unauthenticated:
        """Return the refusal of a session that is past its time."""
        return Unauthenticated("the session is unknown or has ended", CHALLENGE)


def provenance_of(record: SessionRecord, digest: str) -> Provenance:
    """Return by what a session can be revoked."""
    return Provenance(
        user=record.user or record.sub,
        client=record.client_id,
        session=digest,
        sid=record.sid,
        issued=record.created,
        expires=record.expires,
    )


def presented(cookie_header: str, idle_s: int, *, plain_allowed: bool) -> Session:
    """Return the session whose cookie was sent; raise `Unauthenticated` where there is none."""
    value = cookie(cookie_header, SECURE_COOKIE)
    if not value and plain_allowed:
        value = cookie(cookie_header, PLAIN_COOKIE)
    if not _FORM.fullmatch(value):
        raise Unauthenticated("log in first: /auth/login", CHALLENGE)
    return Session(value, idle_s)


def cookie(header: str, name: str) -> str:
    """Return the value of a cookie in a `Cookie` header, or the empty string.

    Of two that differ none is believed: a page elsewhere under the domain can set one beside ours, and
    which comes first is its choice (RFC 6265 §8.6).
    """
    start = f"{name}="
    pairs = (pair.strip() for pair in header.split(";"))
    values = {pair[len(start) :] for pair in pairs if pair.startswith(start)}
    return values.pop() if len(values) == 1 else ""


def session_key(digest: str) -> str:
    """Return where the store keeps a session; in a cluster, on the node that has its tokens too."""
    return f"{SESSION_PREFIX}{{{digest}}}"


def digest_of(value: str) -> str:
    """Return the hexadecimal SHA-256 by which the store knows a random secret."""
    return sha256(value.encode()).hexdigest()


def new_id() -> str:
    """Return 256 random bits as a cookie value."""
    return secrets.token_urlsafe(ID_BYTES)
