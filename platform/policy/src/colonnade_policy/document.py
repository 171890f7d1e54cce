"""Frozen structs of the policy document, and its JSON encoding."""

from typing import Literal

import msgspec

from colonnade_policy.limits.rule import Rule

FORMAT_VERSION = 2
"""Raised when an older edge could misread a newer document."""

Auth = Literal["session", "jwt", "api_key", "client_credentials", "none"]
LimitPolicy = Literal["local", "cluster", "store"]
StoreFailure = Literal["allow", "deny", "local"]
Criticality = Literal["critical", "default", "sheddable"]


class Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The common shape: immutable, and strict about what it does not know."""


class Tier(Struct, frozen=True):
    """The rule for consumers of `group`."""

    group: str
    rule: Rule


class Limit(Struct, frozen=True):
    """How often something may be asked.

    `name` is unique in the document and is part of the store's key. `key` lists what is counted
    apart: `consumer`, `credential`, `ip`, `path`, `route`, or `header:<name>`. `exempt` lists who is
    not counted: `group:<name>`, `consumer:<name>`, `ip:<network>`.
    """

    name: str
    label: str
    rule: Rule
    key: tuple[str, ...]
    policy: LimitPolicy
    on_store_failure: StoreFailure
    tiers: tuple[Tier, ...] = ()
    exempt: tuple[str, ...] = ()
    shadow: bool = False


class Route(Struct, frozen=True):
    """What one route asks of a request before it may pass; `cost` None is that of its GraphQL query.

    Of `groups` one is needed, and for each of `claims` one of its values. Without `revocation` a token holds
    until it expires. A `stream` stays open until its credential ends.
    With `certificate` an API key must be bound to one.
    Besides its header, a token may be in the cookie or query parameter that is named.
    Under overload what has the least `criticality` is refused first.
    Pages of `trusted_origins` may act with a session beside our own; `*` stands for labels of a host.
    """

    bff: str
    auth: Auth
    scopes: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    cost: int | None = 1
    revocation: bool = True
    trusted_origins: tuple[str, ...] = ()
    stream: bool = False
    certificate: bool = False
    groups: tuple[str, ...] = ()
    claims: dict[str, tuple[str | int | bool, ...]] = {}
    token_cookie: str = ""
    token_query: str = ""
    criticality: Criticality = "default"


class Session(Struct, frozen=True):
    """The browser login: an OAuth 2 client of the identity provider, and how long a session lives.

    The client's secret is not here: the policy service reads it from the environment.
    """

    client_id: str
    scopes: tuple[str, ...]
    idle_s: float
    absolute_s: float


class Introspection(Struct, frozen=True):
    """Opaque tokens: as which client the provider is asked about them, and how long an answer holds at most.

    The client's secret is not here: the policy service reads it from the environment.
    """

    client_id: str
    keep_s: float


MIN_SECRET_BYTES = 32
"""A secret that signs is at least as long as the hash (RFC 7518 §3.2)."""


class Consumer(Struct, frozen=True):
    """A program that signs its own tokens, as `issuer`, with one of the `secrets`.

    Those are names of variables in the policy service's environment. `scopes` are the most it may have.
    """

    name: str
    issuer: str
    secrets: tuple[str, ...]
    scopes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class Claims(Struct, frozen=True):
    """Where the provider's tokens say who is calling; of several places the first that says something counts.

    A place is a claim's name, or a path with dots between the names.
    """

    user: tuple[str, ...] = ("sub",)
    email: tuple[str, ...] = ("email",)
    roles: tuple[str, ...] = ("roles",)
    scopes: tuple[str, ...] = ("scope", "scp")
    client: tuple[str, ...] = ("client_id", "azp", "cid", "appid")


class Identity(Struct, frozen=True):
    """Who may say who is calling: the identity provider, and consumers that speak for themselves.

    `audience` is what every access token must be for, `max_token_life_s` the longest that one lives. With
    `legacy_password`, the provider is asked about user names and passwords that are sent in place of tokens.
    """

    issuer: str
    audience: str
    max_token_life_s: float = 86_400.0
    claims: Claims = Claims()
    introspection: Introspection | None = None
    consumers: tuple[Consumer, ...] = ()
    legacy_password: bool = False


class PolicyDocument(Struct, frozen=True):
    """All that the policy service decides by. `revision` is a digest of the rest."""

    version: int
    revision: str
    development: bool
    identity: Identity
    session: Session
    routes: dict[str, Route]


def encode(document: PolicyDocument) -> bytes:
    """Return the document as JSON with sorted keys, so that equal documents are equal bytes."""
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2)


def decode(data: bytes) -> PolicyDocument:
    """Return the document in `data`.

    Raises `msgspec.ValidationError` where it is malformed or of another format version.
    """
    document = msgspec.json.decode(data, type=PolicyDocument)
    if document.version != FORMAT_VERSION:
        message = f"policy document has format {document.version}, this edge reads {FORMAT_VERSION}"
        raise msgspec.ValidationError(message)
    return document
