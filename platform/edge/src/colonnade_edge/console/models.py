"""What the admin API takes and gives."""

from datetime import UTC, datetime
from typing import Annotated, Self, cast

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from colonnade_edge.authn.api_key import KeyRecord
from colonnade_edge.revocation.record import Kind, Revocation

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]
"""Printable ASCII without spaces or commas: it travels in headers."""

Scope = Annotated[str, StringConstraints(pattern=r"^[\x21\x23-\x5B\x5D-\x7E]{1,64}$")]
"""A scope token of RFC 6749."""

Named = Annotated[str, StringConstraints(min_length=1, max_length=512)]
"""What a provider calls something."""


class Model(BaseModel):
    """Immutable, and strict about what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _plain_hex(text: str) -> str:
    return text.replace(":", "").lower()


Sha256 = Annotated[
    str,
    StringConstraints(pattern=r"^(([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2})?$"),
    AfterValidator(_plain_hex),
]
"""A certificate's SHA-256 as `openssl x509 -fingerprint -sha256` prints it, or without colons; or none."""


def _ahead(moment: datetime) -> datetime:
    if moment <= datetime.now(UTC):
        raise PydanticCustomError("past", "this moment is over: give a later one, or none")
    return moment


class NewKey(Model):
    """An order for a key; with `certificate_sha256` it is good only together with that certificate."""

    device_id: Identifier
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = ""
    scopes: Annotated[tuple[Scope, ...], Field(max_length=32)] = ()
    groups: Annotated[tuple[Identifier, ...], Field(max_length=32)] = ()
    expires_at: Annotated[AwareDatetime, AfterValidator(_ahead)] | None = None
    certificate_sha256: Sha256 = ""


MAX_GRACE_S = 90 * 24 * 3600
"""A key that is rotated and still good for longer was not rotated."""


class Rotation(Model):
    """An order for the successor of a key; the old one is good for `grace_s` more seconds.

    With `certificate_sha256` it is bound to another certificate than the old one.
    """

    grace_s: Annotated[int, Field(ge=1, le=MAX_GRACE_S)] = 24 * 3600
    certificate_sha256: Sha256 = ""


class KeyView(Model):
    """What may be known of a key. Its secret may not. `last_used_at` is the minute of its last use."""

    id: str
    device_id: str
    name: str
    scopes: tuple[str, ...]
    groups: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    replaced_by: str | None
    last_used_at: datetime | None
    certificate_sha256: str | None

    @classmethod
    def of(cls, record: KeyRecord, last_used: float | None = None) -> Self:
        """Return the view of a record; times are in seconds since 1970."""
        return cls(
            id=record.id,
            device_id=record.device_id,
            name=record.name,
            scopes=record.scopes,
            groups=record.groups,
            created_at=_moment(record.created),
            expires_at=None if record.expires is None else _moment(record.expires),
            revoked_at=None if record.revoked is None else _moment(record.revoked),
            replaced_by=record.replaced_by or None,
            last_used_at=None if last_used is None else _moment(last_used),
            certificate_sha256=record.certificate or None,
        )


class CreatedKey(KeyView):
    """A key just made: the only time that `key` is shown."""

    key: str


class RotatedKey(CreatedKey):
    """The successor of a key, and the old one as it is now."""

    replaced: KeyView


class KeyList(Model):
    """All keys, newest first."""

    items: tuple[KeyView, ...]


class NewRevocation(Model):
    """An order to revoke one thing.

    `token` is an access token itself, `token_id` its `jti` or the digest that a list shows; `session` the
    provider's `sid` or the digest of our cookie.
    """

    user: Named | None = None
    client: Named | None = None
    token: Annotated[str, StringConstraints(min_length=1, max_length=16_384)] | None = None
    token_id: Named | None = None
    session: Named | None = None
    key: Identifier | None = None
    device: Identifier | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError("name one of user, client, token, token_id, session, key, device")
        return self

    @property
    def what(self) -> tuple[Kind, str]:
        """The kind and the value; for a `token` still its text."""
        if self.token_id is not None:
            return "token", self.token_id
        ((kind, value),) = self.model_dump(exclude_none=True).items()
        return cast("Kind", kind), value


class RevocationView(Model):
    """A revocation. What was issued up to `revoked_at` is refused, until `until`."""

    kind: Kind
    value: str
    revoked_at: datetime
    until: datetime

    @classmethod
    def of(cls, revocation: Revocation) -> Self:
        """Return the view of a record."""
        return cls(
            kind=revocation.kind,
            value=revocation.value,
            revoked_at=_moment(revocation.at),
            until=_moment(revocation.until),
        )


class RevokedView(RevocationView):
    """A revocation just made, and what else it ended."""

    sessions_ended: int
    keys_revoked: int


class RevocationList(Model):
    """What is revoked now, the newest first."""

    items: tuple[RevocationView, ...]


class LimitView(Model):
    """A limit in words and numbers."""

    name: str
    algorithm: str
    rate: int
    period_s: float
    burst: int
    policy: str
    key: tuple[str, ...]
    on_store_failure: str


class LimitQuestion(Model):
    """A request that might be made, whose limits are looked up. Header names are in lower case."""

    route: str
    path: str
    consumer: str
    credential: str = ""
    groups: tuple[str, ...] = ()
    ip: str = ""
    headers: dict[str, str] = {}


class LimitState(Model):
    """How a limit in the store stands: what is left of its quota, and seconds until nothing is used."""

    limit: str
    quota: int
    remaining: int
    reset_s: float


class LimitStates(Model):
    """The limits that a request would meet."""

    items: tuple[LimitState, ...]


class HeavyUser(Model):
    """What one consumer asked of one limit."""

    limit: str
    consumer: str
    asked: int
    refused: int


class HeavyUserList(Model):
    """Who asked most, `since` when; the heaviest first."""

    since: datetime
    items: tuple[HeavyUser, ...]


class RouteView(Model):
    """A route and what it asks."""

    id: str
    bff: str
    auth: str
    scopes: tuple[str, ...]
    limits: tuple[LimitView, ...]


class RouteList(Model):
    """The routes of the policy document that is in effect."""

    revision: str
    items: tuple[RouteView, ...]


class Health(Model):
    """How the console sees its surroundings. `status` is ok or degraded; times are in milliseconds."""

    status: str
    store: str
    store_round_trip_ms: float | None
    policy_revision: str | None
    keys: int | None


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
