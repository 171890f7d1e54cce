"""The platform team's manifest, `colonnade.yaml`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from colonnade.manifest.balance import Balance, Replicas
from colonnade.manifest.bounds import Connections
from colonnade.manifest.expose import Expose
from colonnade.manifest.health import Checks
from colonnade.manifest.identity import Identity
from colonnade.manifest.model import AuthType, HttpUrl, Model, Name, PathPrefix, Port, RelativePath
from colonnade.manifest.observability import Observability
from colonnade.manifest.rollout import Rollout
from colonnade.manifest.units import Duration, FileRef, Rate, SecretRef, Size, parse_duration, parse_size

Compressor = Literal["zstd", "brotli", "gzip"]


class ClientTimeouts(Model):
    """What a slow client is allowed: time for the headers, for the last bytes of an answer, and for a
    connection without requests.
    """  # noqa: D205 - one sentence names all three

    headers: Duration = parse_duration("10s")
    flush: Duration = parse_duration("30s")
    idle: Duration = parse_duration("5m")


class Hsts(Model):
    """How long a browser that came over https keeps to it, and whether for subdomains too (RFC 6797)."""

    max_age: Duration = parse_duration("365d")
    subdomains: bool = False


class Tls(Model):
    """The TLS listener: its port and certificate, and the CA whose client certificates it asks for.

    Files are PEM; replaced ones take effect without a restart. In development a certificate is made. With
    `http3` the edges answer HTTP/3, too, at the same port of UDP.
    """

    port: Port = 8443
    certificate: FileRef | None = None
    key: FileRef | None = None
    client_ca: FileRef | None = None
    min_version: Literal["1.2", "1.3"] = "1.3"
    http3: bool = False

    @model_validator(mode="after")
    def _a_certificate_and_its_key(self) -> "Tls":
        if (self.certificate is None) != (self.key is None):
            raise PydanticCustomError("tls", "give certificate and key together, or neither in development")
        return self

    @model_validator(mode="after")
    def _no_certificate_over_quic(self) -> "Tls":
        if self.http3 and self.client_ca is not None:
            raise PydanticCustomError("http3", "over HTTP/3 no client can show a certificate: leave one out")
        return self


class Edge(Model):
    """The edge: how many run, where they listen, and what they accept from anyone.

    `trusted_hops` is how many proxies in front of the edge are believed about the client's address.
    `max_connections` and `max_memory` are what one edge takes before it refuses more.
    """

    replicas: Annotated[int, Field(ge=1, le=16)] = 1
    port: Port = 8080
    console_port: Port = 9000
    trusted_hops: Annotated[int, Field(ge=0, le=8)] = 0
    max_body: Size = parse_size("1MiB")
    max_headers: Annotated[Size, Field(ge=1024, le=96 * 1024)] = parse_size("60KiB")
    max_header_count: Annotated[int, Field(ge=10, le=1000)] = 100
    max_connections: Annotated[int, Field(ge=10, le=1_000_000)] = 20_000
    max_memory: Annotated[Size, Field(ge=32 * 1024 * 1024)] = parse_size("2048MiB")
    timeouts: ClientTimeouts = ClientTimeouts()
    compression: tuple[Compressor, ...] = Field(default=("zstd", "brotli", "gzip"))
    hsts: Hsts | None = Hsts()
    tls: Tls = Tls()
    rollout: Rollout | None = None


class Store(Model):
    """Where sessions, keys and exact limits live. Without a URL, a Valkey of the platform's own runs."""

    url: SecretRef | None = None


class Service(Model):
    """A microservice behind the BFFs; the platform runs it from `path` where that is given.

    Its `replicas` share one folder of data; BFFs spread their calls over them by `balance`, and leave out
    those that are ill by `health`. Calls are held against the document in `openapi`, or the `openapi.json` in
    `path`. What is said to `expose` it puts it at the edge.
    """

    port: Port
    grpc_port: Port | None = None
    path: RelativePath | None = None
    url: HttpUrl | None = None
    openapi: RelativePath | None = None
    replicas: Replicas = 1
    balance: Balance = Balance()
    health: Checks = Checks()
    expose: Expose | None = None

    @model_validator(mode="after")
    def _exposed_where_it_runs(self) -> "Service":
        if self.expose is not None and self.path is None:
            raise PydanticCustomError(
                "expose", "only what the platform runs can be exposed: give path, no url"
            )
        if self.expose is not None and self.expose.descriptor is not None and self.grpc_port is None:
            raise PydanticCustomError("grpc_port", "a descriptor is of gRPC: give grpc_port, too")
        return self

    @model_validator(mode="after")
    def _run_to_be_many(self) -> "Service":
        if self.url is not None and self.replicas > 1:
            raise PydanticCustomError("replicas", "only what we run has replicas: leave replicas out")
        return self

    @model_validator(mode="after")
    def _run_or_reached(self) -> "Service":
        if (self.path is None) == (self.url is None):
            raise PydanticCustomError("service", "give either path (we run it) or url (it runs elsewhere)")
        return self


class Guardrails(Model):
    """The bounds of what a front-end team may say in its bff.yaml.

    `critical` names the BFFs that may have critical routes: where all are, none is.
    """

    auth: tuple[AuthType, ...] = Field(
        default=(AuthType.SESSION, AuthType.JWT, AuthType.API_KEY, AuthType.CLIENT_CREDENTIALS),
        min_length=1,
    )
    prefix: PathPrefix = "/api"
    require_limit: bool = True
    max_rate: Rate = Rate.parse("1000/second")
    max_timeout: Duration = parse_duration("60s")
    max_body: Size = parse_size("4MiB")
    max_retries: Annotated[int, Field(ge=0, le=5)] = 2
    max_replicas: Replicas = 4
    max_connections: Connections = 4096
    critical: tuple[Name, ...] = Field(default=())


class PlatformManifest(Model):
    """The whole platform but for its BFFs.

    With `mtls` the edge, the BFFs and the services show each other certificates, and refuse who has none.
    """

    version: Literal[1] = 1
    name: Name
    edge: Edge = Edge()
    identity: Identity = Identity()
    store: Store = Store()
    services: dict[Name, Service] = Field(default_factory=dict)
    mtls: bool = False
    guardrails: Guardrails = Guardrails()
    observability: Observability = Observability()
