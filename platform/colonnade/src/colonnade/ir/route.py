"""One route at the edge, with everything it inherits filled in."""

from dataclasses import dataclass


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
    """Further tries of a safe request, and how long one try may take in seconds."""

    attempts: int
    per_try_s: float


@dataclass(frozen=True, slots=True)
class Limit:
    """A token bucket: `count` tokens every `period_s` seconds, at most `burst` at once.

    `name` is unique on the platform (`<bff>.<label>` or `<bff>.<route>.<label>`); `text` is the
    rate as it was written.
    """

    name: str
    label: str
    count: int
    period_s: float
    text: str
    burst: int
    key: tuple[str, ...]
    policy: str
    on_store_failure: str


@dataclass(frozen=True, slots=True)
class Auth:
    """The credential (`session`, `jwt`, `api_key`, `none`) and the scopes that it must carry."""

    type: str
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides a route: Envoy alone, or the policy service that it asks; and why."""

    native: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Route:
    """One route: what it matches, where it goes and what it asks. Sizes are in bytes."""

    id: str
    bff: str
    match: Match
    rewrite: PrefixRewrite | RegexRewrite
    timeouts: Timeouts
    retries: Retries
    max_body: int
    auth: Auth
    limits: tuple[Limit, ...]
    decision: Decision
