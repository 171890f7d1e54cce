"""What both manifests share: strict frozen models, names, limits, credentials and timeouts."""

from enum import StrEnum
from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from colonnade.manifest.units import Duration, Rate, Size


class Model(BaseModel):
    """A frozen model that refuses keys it does not know and values of another type.

    Validate it from JSON: there, strictness still takes arrays for tuples and strings for enums.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
PATH = r"^/(?:[A-Za-z0-9._~-]+(?:/[A-Za-z0-9._~-]+)*)?$"
HEADER = r"^[a-z0-9][a-z0-9-]*$"
COLLECTOR = r"^http://[A-Za-z0-9.-]+:[0-9]{1,5}$"
HOST = r"^(\*|(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?)$"
SCOPE = r"^[\x21\x23-\x5B\x5D-\x7E]+$"
KEY = r"^(consumer|credential|ip|path|route|header:[a-z0-9][a-z0-9-]*)$"
HASH_KEY = r"^(ip|header:[a-z0-9][a-z0-9-]*|cookie:[A-Za-z0-9_-]+)$"
CLAIM = r"^[^\s.]\S*$"
PLACE = r"^[A-Za-z0-9_-]+$"
GROUP = r"^[A-Za-z0-9][A-Za-z0-9_.:-]*$"
EXEMPT = r"^(group|consumer|ip):\S+$"
OWNER = r"^@[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?(?:/[A-Za-z0-9_.-]+)?$"
URL = r"^https?://[^\s/?#]+(/[^\s?#]*)?$"
RELATIVE = r"^[^/].*$"
ORIGIN = r"^(\*|https?://(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?)$"

VIEW = r"^(GET|POST|PUT|DELETE) /\S*$"

FORMS = {
    VIEW: "a view such as GET /home",
    NAME: "a name in lower case such as tv or smart-tv",
    PATH: "a path such as /api/tv, without a slash at its end",
    COLLECTOR: "an address with its port, without TLS, such as http://127.0.0.1:4318",
    HEADER: "a header's name in lower case such as x-beta",
    HOST: "a host such as shop.example.com, *.example.com or *",
    SCOPE: "a scope without spaces such as orders:read",
    KEY: "consumer, credential, ip, path, route or header:x-name",
    HASH_KEY: "ip, header:x-name or cookie:name",
    CLAIM: "a claim's name such as roles, or a path such as realm_access.roles",
    PLACE: "the name of a cookie or parameter such as access_token",
    GROUP: "a group's name such as premium",
    EXEMPT: "group:NAME, consumer:NAME or ip:ADDRESS such as ip:10.0.0.0/8",
    OWNER: "a team such as @team-tv or @company/team-tv",
    URL: "an http or https URL without query",
    RELATIVE: "a folder below the platform's own",
    ORIGIN: "an origin such as https://shop.example.com, https://*.example.com or *",
}
"""What each pattern means, for the person who got it wrong."""


def _network(exempt: str) -> str:
    kind, _, value = exempt.partition(":")
    if kind == "ip":
        try:
            ip_network(value)
        except ValueError:
            raise PydanticCustomError("network", "expected ip:ADDRESS such as ip:10.0.0.0/8") from None
    return exempt


Name = Annotated[str, StringConstraints(pattern=NAME, max_length=40)]
Port = Annotated[int, Field(ge=1, le=65535)]
PathPrefix = Annotated[str, StringConstraints(pattern=PATH)]
HeaderName = Annotated[str, StringConstraints(pattern=HEADER)]
Host = Annotated[str, StringConstraints(pattern=HOST)]
Scope = Annotated[str, StringConstraints(pattern=SCOPE)]
"""A scope token of RFC 6749 §3.3."""
Claim = Annotated[str, StringConstraints(pattern=CLAIM)]
"""The name of a claim, or else a path through objects with dots between the names."""
Place = Annotated[str, StringConstraints(pattern=PLACE)]
ClaimValue = str | int | bool
Group = Annotated[str, StringConstraints(pattern=GROUP)]
Exempt = Annotated[str, StringConstraints(pattern=EXEMPT), AfterValidator(_network)]
Algorithm = Literal[
    "fixed_window", "sliding_window_log", "sliding_window_counter", "token_bucket", "leaky_bucket"
]
LimitPolicy = Literal["local", "cluster", "store"]
Burst = Annotated[int, Field(ge=1, le=1_000_000)]
Cost = Annotated[int, Field(ge=1, le=1_000_000)] | Literal["graphql"]
"""What a request counts: a number, or what its GraphQL query asks for."""
LimitKey = Annotated[str, StringConstraints(pattern=KEY)]
Owner = Annotated[str, StringConstraints(pattern=OWNER)]
HttpUrl = Annotated[str, StringConstraints(pattern=URL)]
RelativePath = Annotated[str, StringConstraints(pattern=RELATIVE)]
CollectorUrl = Annotated[str, StringConstraints(pattern=COLLECTOR)]
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class Kind(StrEnum):
    """What sort of front end a BFF serves; it chooses template and defaults."""

    WEB = "web"
    MOBILE = "mobile"
    IOT = "iot"


class AuthType(StrEnum):
    """The credential that a route wants."""

    SESSION = "session"
    JWT = "jwt"
    API_KEY = "api_key"
    CLIENT_CREDENTIALS = "client_credentials"
    NONE = "none"


class TokenPlaces(Model):
    """Where else than in its header a token may be: clients that can set none need it, `EventSource` say.

    Neither place reaches the BFF or a log of ours.
    """

    cookie: Place | None = None
    query: Place | None = None


class Auth(Model):
    """Who may call: the kind of credential, and the scopes it must carry (all of them).

    One of the `groups` is enough: roles of a person, groups of a key. Each of the `claims` of a token must
    have the value, or one of the list. Without `revocation` a token holds until it expires, and Envoy may
    decide alone. Where a `certificate` is required, an API key must be bound to one, and come over a
    connection that showed it.
    """

    type: AuthType
    scopes: tuple[Scope, ...] = Field(default=())
    groups: tuple[Group, ...] = Field(default=())
    claims: dict[Claim, ClaimValue | tuple[ClaimValue, ...]] = Field(default_factory=dict)
    token: TokenPlaces | None = None
    revocation: bool = True
    certificate: Literal["required"] | None = None

    @model_validator(mode="after")
    def _only_a_credential_says_something(self) -> "Auth":
        if self.claims and self.type not in {AuthType.JWT, AuthType.CLIENT_CREDENTIALS}:
            raise PydanticCustomError("claims", "only a token has claims: take groups or scopes instead")
        if self.token and self.type not in {AuthType.JWT, AuthType.CLIENT_CREDENTIALS}:
            raise PydanticCustomError("token", "no token is taken here: leave token out")
        if self.type is AuthType.NONE and (self.scopes or self.groups):
            raise PydanticCustomError("none", "without a credential nobody has scopes or groups")
        return self

    @model_validator(mode="after")
    def _only_a_key_is_bound(self) -> "Auth":
        if self.certificate is not None and self.type is not AuthType.API_KEY:
            raise PydanticCustomError("certificate", "only an api_key can require one: leave certificate out")
        return self

    @model_validator(mode="after")
    def _only_a_token_expires_soon(self) -> "Auth":
        if not self.revocation and self.type is not AuthType.JWT:
            raise PydanticCustomError("revocation", "only a jwt can go without: leave revocation out")
        return self


class Tier(Model):
    """What a limit allows one group of consumers instead."""

    rate: Rate
    burst: Burst | None = None


class Limit(Model):
    """How often something may be asked, counted by one of five algorithms.

    `burst` is what a token bucket holds and how many requests may wait in a leaky bucket's queue (the
    rate's count unless said), none of them longer than `max_delay`. `tiers` are looked through in the
    order in which they are written; the first of the consumer's groups counts. Who is exempt is not
    counted. A `shadow` counts and reports, and refuses nobody.
    """

    name: Name
    algorithm: Algorithm = "token_bucket"
    rate: Rate
    burst: Burst | None = None
    max_delay: Duration | None = None
    key: LimitKey | tuple[LimitKey, ...] = "consumer"
    policy: LimitPolicy = "store"
    on_store_failure: Literal["allow", "deny", "local"] = "allow"
    tiers: dict[Group, Tier] = Field(default_factory=dict)
    exempt: tuple[Exempt, ...] = Field(default=())
    shadow: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """What is counted apart, always as a tuple."""
        return (self.key,) if isinstance(self.key, str) else self.key

    @model_validator(mode="after")
    def _only_what_the_algorithm_knows(self) -> "Limit":
        windows = self.algorithm not in {"token_bucket", "leaky_bucket"}
        if windows and (
            self.burst is not None or any(tier.burst is not None for tier in self.tiers.values())
        ):
            raise PydanticCustomError("burst", "a window has no burst: leave it out, or take token_bucket")
        if self.max_delay is not None and self.algorithm != "leaky_bucket":
            raise PydanticCustomError(
                "max_delay", "only a leaky_bucket lets requests wait: leave max_delay out"
            )
        return self


class Timeouts(Model):
    """How long a route waits: to connect to the BFF, for the client to send the whole request,
    and for the whole answer once the request is in; `idle` bounds the silence on a stream.
    """  # noqa: D205 - one sentence names all four

    connect: Duration | None = None
    send: Duration | None = None
    read: Duration | None = None
    idle: Duration | None = None


class Rewrite(Model):
    """How the path changes on its way to the BFF: a new prefix, or a regular expression (RE2)."""

    prefix: PathPrefix | None = None
    regex: str | None = None
    substitution: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "Rewrite":
        by_regex = self.regex is not None and self.substitution is not None
        half = (self.regex is None) != (self.substitution is None)
        if half or by_regex == (self.prefix is not None):
            raise PydanticCustomError("rewrite", "give either prefix, or regex and substitution together")
        return self


class Budget(Model):
    """What one answer may cost: bytes sent, calls made, and time at the 95th percentile."""

    bytes: Size | None = None
    upstream_calls: Annotated[int, Field(ge=0)] | None = None
    p95: Duration | None = None


class Budgets(Budget):
    """The budget of every view, and those of views of their own, such as `GET /home`."""

    views: dict[Annotated[str, StringConstraints(pattern=VIEW)], Budget] = Field(default_factory=dict)
