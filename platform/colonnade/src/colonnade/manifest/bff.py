"""The front-end team's manifest, `bffs/<name>/bff.yaml`."""

from typing import Literal

from pydantic import Field

from colonnade.manifest.balance import Balance, Canary, Mirror, Replicas
from colonnade.manifest.bounds import Bounds
from colonnade.manifest.breaker import Breaker
from colonnade.manifest.cache import Cache
from colonnade.manifest.cors import Cors
from colonnade.manifest.health import Health
from colonnade.manifest.model import (
    Auth,
    Budgets,
    Cost,
    HeaderName,
    Host,
    Kind,
    Limit,
    Method,
    Model,
    Name,
    Owner,
    PathPrefix,
    Port,
    Rewrite,
    Timeouts,
)
from colonnade.manifest.overload import Criticality
from colonnade.manifest.retries import Retries
from colonnade.manifest.units import Size


class BaseRoute(Model):
    """Where the BFF lives at the edge, how requests reach it, and what each counts against limits.

    A `stream` stays open: server-sent events, or a WebSocket. Without a `criticality` it is that of the kind.
    """

    prefix: PathPrefix
    hosts: tuple[Host, ...] = Field(default=("*",), min_length=1)
    rewrite: Rewrite = Rewrite(prefix="/")
    timeouts: Timeouts = Timeouts()
    retries: Retries = Retries()
    cost: Cost = 1
    max_body: Size | None = None
    stream: bool = False
    criticality: Criticality | None = None


class RouteException(Model):
    """A part of the BFF that is treated differently: it inherits what it does not say.

    `path` is below the BFF's prefix; methods and headers narrow it further (all must match).
    """

    name: Name
    path: PathPrefix = "/"
    methods: tuple[Method, ...] = Field(default=())
    headers: dict[HeaderName, str] = Field(default_factory=dict)
    rewrite: Rewrite | None = None
    timeouts: Timeouts | None = None
    retries: Retries | None = None
    cost: Cost | None = None
    max_body: Size | None = None
    stream: bool | None = None
    criticality: Criticality | None = None
    auth: Auth | None = None
    limits: tuple[Limit, ...] | None = Field(default=None)
    cors: Cors | None = None
    breaker: Breaker | None = None


class BffManifest(Model):
    """One BFF: who owns it, where it is routed, who may call it and how often."""

    version: Literal[1] = 1
    name: Name
    kind: Kind
    owner: Owner
    port: Port
    replicas: Replicas = 1
    balance: Balance = Balance()
    canary: Canary | None = None
    mirror: Mirror | None = None
    route: BaseRoute
    routes: tuple[RouteException, ...] = Field(default=())
    auth: Auth
    limits: tuple[Limit, ...] = Field(default=())
    cors: Cors | None = None
    breaker: Breaker = Breaker()
    health: Health = Health()
    bounds: Bounds = Bounds()
    services: tuple[Name, ...] = Field(default=())
    cache: Cache | None = None
    budgets: Budgets = Budgets()
