"""One route at the edge, with everything it inherits filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from colonnade.ir.breaker import Breaker
from colonnade.ir.grpc import Grpc
from colonnade_policy.limits import Rule


@dataclass(frozen=True, slots=True)
class Match:
    """Which requests a route takes: all of host, path prefix, methods and headers must match.

    `prefix` matches whole path segments. Empty `methods` and `headers` match anything.
    """

    hosts: tuple[str, ...]
    prefix: str
    methods: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PrefixRewrite:
    """Replaces the BFF's prefix `old` by `new`."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class RegexRewrite:
    """Replaces every match of `pattern` (RE2) in the path by `substitution`, which may name groups."""

    pattern: str
    substitution: str


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, to receive the whole request, to get the whole answer, and of silence."""

    connect_s: float
    send_s: float
    read_s: float
    idle_s: float


@dataclass(frozen=True, slots=True)
class Retries:
    """Further tries of a request, after the failures in `on` (Envoy's words, or a status).

    Requests of the `methods` are tried again, and with `idempotency_key` those that carry one. `per_try_s` is
    how long one try may take; with `hedged` it goes on beside the next one instead.
    """

    attempts: int
    per_try_s: float
    on: tuple[str | int, ...] = ("connect-failure", "refused-stream", "reset")
    methods: tuple[str, ...] = ("GET", "HEAD", "OPTIONS")
    idempotency_key: bool = False
    hedged: bool = False


@dataclass(frozen=True, slots=True)
class Tier:
    """What a limit allows the consumers of `group` instead; `text` is the rate as it was written."""

    group: str
    text: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class Limit:
    """How often something may be asked, and what is counted apart.

    `name` is unique on the platform (`<bff>.<label>` or `<bff>.<route>.<label>`); `text` is the
    rate as it was written.
    """

    name: str
    label: str
    text: str
    rule: Rule
    key: tuple[str, ...]
    policy: str
    on_store_failure: str
    tiers: tuple[Tier, ...] = ()
    exempt: tuple[str, ...] = ()
    shadow: bool = False


@dataclass(frozen=True, slots=True)
class Auth:
    """The credential and the scopes that it must carry.

    `type` is `session`, `jwt`, `api_key`, `client_credentials` (a token too, but only a program's) or `none`.
    Of `groups` one is needed, and for each of `claims` one of its values. Without `revocation` a token holds
    until it expires. With `certificate` an API key must be bound to one.
    Besides its header, a token may be in the cookie or query parameter that is named.
    """

    type: str
    scopes: tuple[str, ...] = ()
    revocation: bool = True
    certificate: bool = False
    groups: tuple[str, ...] = ()
    claims: Mapping[str, tuple[str | int | bool, ...]] = field(default_factory=dict)
    token_cookie: str = ""
    token_query: str = ""

    @property
    def takes_tokens(self) -> bool:
        """Whether the credential is an access token."""
        return self.type in {"jwt", "client_credentials"}


@dataclass(frozen=True, slots=True)
class Cors:
    """Which pages of other origins may call: `*` in an origin stands for one or more labels of its host."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...]
    exposed: tuple[str, ...]
    credentials: bool
    max_age_s: float


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides a route: Envoy alone, or the policy service that it asks; and why."""

    native: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Route:
    """One route: what it matches, where it goes and what it asks. Sizes are in bytes.

    `bff` is what answers: a BFF, or a service that the platform exposes, by `grpc` or else HTTP/1.1. A
    request counts `cost` against each limit; None: as much as its GraphQL query asks for. A `stream` stays
    open, for as long as something is said on it. `criticality` is `critical`, `default` or `sheddable`.
    """

    id: str
    bff: str
    match: Match
    rewrite: PrefixRewrite | RegexRewrite
    timeouts: Timeouts
    retries: Retries
    max_body: int
    auth: Auth
    limits: tuple[Limit, ...]
    cost: int | None
    decision: Decision
    cors: Cors | None = None
    stream: bool = False
    grpc: Grpc | None = None
    criticality: str = "default"
    breaker: Breaker = Breaker()  # noqa: RUF009 - frozen

    @property
    def leased(self) -> bool:
        """Whether the route's streams are closed when the credential ends that opened them."""
        return self.stream and self.auth.type != "none"
