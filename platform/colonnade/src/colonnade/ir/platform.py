"""The platform as every emitter sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from colonnade.ir.balance import LEAST_REQUEST, Balance, Canary, Mirror
from colonnade.ir.cache import Cache
from colonnade.ir.health import Bounds, Health
from colonnade.ir.instances import numbered
from colonnade.ir.observability import Traces
from colonnade.ir.rollout import Rollout
from colonnade.ir.route import Route
from colonnade_policy import Claims

Reference = tuple[str, str]
"""Where a secret is found: `("env", NAME)` or `("file", PATH)`."""


@dataclass(frozen=True, slots=True)
class Tls:
    """The TLS listener. Files are relative to the platform's folder; `min_version` is `1.2` or `1.3`.

    `certificate` is the files of a chain and its key; None: the development CA issues one. With
    `client_ca` clients are asked for a certificate of that CA, with `http3` the same port answers QUIC, too.
    """

    port: int
    certificate: tuple[str, str] | None
    client_ca: str | None
    min_version: str
    http3: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """The edge's own settings. Times are in seconds, sizes in bytes.

    `hsts` is the value of Strict-Transport-Security on answers over https; None: it is not sent. Without
    `tls` something in front of the edge has to end TLS. Without a `rollout` all edges get a publish at once.
    """

    replicas: int
    port: int
    console_port: int
    trusted_hops: int
    max_body: int
    max_headers: int
    max_header_count: int
    max_connections: int
    max_memory: int
    headers_timeout_s: float
    flush_timeout_s: float
    idle_timeout_s: float
    compression: tuple[str, ...]
    hsts: str | None
    tls: Tls | None
    rollout: Rollout | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """The browser login.

    Its secrets are references (`env:NAME`, `file:PATH`). Without a `client_secret` the development provider
    is told one; without `encryption_keys` the platform makes its own.
    """

    client_id: str
    client_secret: Reference | None
    encryption_keys: Reference | None
    scopes: tuple[str, ...]
    idle_s: float
    absolute_s: float


@dataclass(frozen=True, slots=True)
class Introspection:
    """As which client the provider is asked about opaque tokens; without a secret it is the session's."""

    client_id: str
    client_secret: Reference | None
    cache_s: float


@dataclass(frozen=True, slots=True)
class Consumer:
    """A program that signs its own tokens as `issuer`; any of the `secrets` may have signed one."""

    name: str
    issuer: str
    secrets: tuple[Reference, ...]
    scopes: tuple[str, ...]
    groups: tuple[str, ...]

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables in which the policy service finds the secrets."""
        name = self.name.upper().replace("-", "_")
        return (f"CONSUMER_SECRET_{name}", f"CONSUMER_PREVIOUS_SECRET_{name}")[: len(self.secrets)]


@dataclass(frozen=True, slots=True)
class Identity:
    """The trusted issuer; None means the development provider, wherever the target runs it."""

    issuer: str | None
    audience: str
    claims: Claims
    session: Session
    max_token_life_s: float
    introspection: Introspection | None
    consumers: tuple[Consumer, ...]
    legacy_password: bool

    @property
    def machine_secrets(self) -> dict[str, Reference]:
        """What the policy service alone needs to judge tokens of machines, by environment variable."""
        found = {
            variable: secret
            for consumer in self.consumers
            for variable, secret in zip(consumer.variables, consumer.secrets, strict=True)
        }
        if self.introspection is not None and self.introspection.client_secret is not None:
            found["INTROSPECTION_CLIENT_SECRET"] = self.introspection.client_secret
        return found


@dataclass(frozen=True, slots=True)
class Service:
    """A microservice: run by the platform from `path`, `replicas` times, or reached at `url`.

    `openapi` is the file of its contract. To the edge an `exposed` one is what a BFF is; `descriptor` is the
    file of its gRPC services.
    """

    name: str
    port: int
    grpc_port: int | None
    path: str | None
    url: str | None
    openapi: str | None = None
    replicas: int = 1
    balance: Balance = LEAST_REQUEST
    health: Health = Health()  # noqa: RUF009 - frozen
    exposed: "Bff | None" = None
    descriptor: str | None = None

    @property
    def instances(self) -> list[str]:
        """The names of its processes."""
        return numbered(self.name, self.replicas)


@dataclass(frozen=True, slots=True)
class Budget:
    """What one answer may cost: bytes, calls, and seconds at the 95th percentile; None: not bounded."""

    bytes: int | None = None
    calls: int | None = None
    p95_s: float | None = None


@dataclass(frozen=True, slots=True)
class Bff:
    """A BFF, run `replicas` times: its folder is `bffs/<name>`, its module `<name with underscores>_bff`.

    It speaks HTTP/1.1; `grpc` only where it stands for an exposed service.
    """

    name: str
    kind: str
    owner: str
    port: int
    prefix: str
    services: tuple[str, ...]
    auth: str
    budget: Budget = Budget()
    view_budgets: tuple[tuple[str, Budget], ...] = ()
    replicas: int = 1
    balance: Balance = LEAST_REQUEST
    canary: Canary | None = None
    mirror: Mirror | None = None
    grpc: bool = False
    health: Health = Health()  # noqa: RUF009 - frozen
    bounds: Bounds = Bounds()  # noqa: RUF009 - frozen
    cache: Cache | None = None

    @property
    def instances(self) -> list[str]:
        """The names of its processes."""
        return numbered(self.name, self.replicas)

    @property
    def drain(self) -> Mapping[str, str]:
        """What has an instance that stops serve on until every edge knows, where another takes its place."""
        return {"COLONNADE_DRAIN": f"{ceil(self.health.interval_s) + 1}"} if self.replicas > 1 else {}

    @property
    def package(self) -> str:
        """The BFF's import name."""
        return f"{self.name.replace('-', '_')}_bff"

    def budget_of(self, view: str) -> Budget:
        """Return the budget of a view such as `GET /home`: its own, else that of all."""
        return dict(self.view_budgets).get(view, self.budget)


@dataclass(frozen=True, slots=True)
class Platform:
    """Everything resolved. `routes` stand in the order in which they are matched.

    With `mtls` the edge, the BFFs and the services show each other certificates.
    """

    name: str
    edge: Edge
    identity: Identity
    store_url: Reference | None
    services: tuple[Service, ...]
    bffs: tuple[Bff, ...]
    routes: tuple[Route, ...]
    traces: Traces | None = None
    mtls: bool = False

    @property
    def exposed(self) -> tuple[Bff, ...]:
        """The services that are at the edge by themselves, as it sees them."""
        return tuple(service.exposed for service in self.services if service.exposed is not None)

    @property
    def backends(self) -> tuple[Bff, ...]:
        """All that routes lead to."""
        return self.bffs + self.exposed

    @property
    def development(self) -> bool:
        """Whether the development identity provider is the issuer."""
        return self.identity.issuer is None

    @property
    def backend_by_name(self) -> Mapping[str, Bff]:
        """All that routes lead to, by name: for who asks for many."""
        return {bff.name: bff for bff in self.backends}

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host, or pattern such as `*.example.com`, that a route names."""
        return tuple(sorted({host for route in self.routes for host in route.match.hosts} - {"*"}))
