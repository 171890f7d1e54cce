"""The platform as every emitter sees it."""

from dataclasses import dataclass

from colonnade.ir.route import Route


@dataclass(frozen=True, slots=True)
class Tls:
    """The TLS listener. Files are relative to the platform's folder; `min_version` is `1.2` or `1.3`.

    `certificate` is the files of a chain and its key; None: the development CA issues one. With
    `client_ca` clients are asked for a certificate of that CA.
    """

    port: int
    certificate: tuple[str, str] | None
    client_ca: str | None
    min_version: str


@dataclass(frozen=True, slots=True)
class Edge:
    """The edge's own settings. Times are in seconds, sizes in bytes.

    `hsts` is the value of Strict-Transport-Security on answers over https; None: it is not sent. Without
    `tls` something in front of the edge has to end TLS.
    """

    replicas: int
    port: int
    console_port: int
    trusted_hops: int
    max_body: int
    max_headers: int
    max_header_count: int
    headers_timeout_s: float
    idle_timeout_s: float
    compression: tuple[str, ...]
    hsts: str | None
    tls: Tls | None


@dataclass(frozen=True, slots=True)
class Session:
    """The browser login.

    Its secrets are references (`env:NAME`, `file:PATH`). Without a `client_secret` the development provider
    is told one; without `encryption_keys` the platform makes its own.
    """

    client_id: str
    client_secret: tuple[str, str] | None
    encryption_keys: tuple[str, str] | None
    scopes: tuple[str, ...]
    idle_s: float
    absolute_s: float


@dataclass(frozen=True, slots=True)
class Identity:
    """The trusted issuer; None means the development provider, wherever the target runs it."""

    issuer: str | None
    audience: str
    session: Session
    max_token_life_s: float


@dataclass(frozen=True, slots=True)
class Service:
    """A microservice: run by the platform from `path`, or reached at `url`.

    `openapi` is the file of its contract.
    """

    name: str
    port: int
    grpc_port: int | None
    path: str | None
    url: str | None
    openapi: str | None = None


@dataclass(frozen=True, slots=True)
class Bff:
    """A BFF as a process: its folder is `bffs/<name>`, its module `<name with underscores>_bff`."""

    name: str
    kind: str
    owner: str
    port: int
    prefix: str
    services: tuple[str, ...]
    auth: str

    @property
    def package(self) -> str:
        """The BFF's import name."""
        return f"{self.name.replace('-', '_')}_bff"


@dataclass(frozen=True, slots=True)
class Platform:
    """Everything resolved. `routes` stand in the order in which they are matched."""

    name: str
    edge: Edge
    identity: Identity
    store_url: tuple[str, str] | None
    services: tuple[Service, ...]
    bffs: tuple[Bff, ...]
    routes: tuple[Route, ...]

    @property
    def development(self) -> bool:
        """Whether the development identity provider is the issuer."""
        return self.identity.issuer is None

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host, or pattern such as `*.example.com`, that a route names."""
        return tuple(sorted({host for route in self.routes for host in route.match.hosts} - {"*"}))
