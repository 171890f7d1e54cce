"""Where the parts of a platform are reached on one target: local processes, compose or Kubernetes."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """A host (name or IP address) and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return `host:port`."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The address as a base URL."""
        return f"http://{self}"


@dataclass(frozen=True, slots=True)
class Scraped:
    """Where the instance `name` of a part tells what it counts; `bff` is the BFF that it is of, if any."""

    job: str
    name: str
    address: Address
    bff: str = ""

    @property
    def url(self) -> str:
        """The URL to read."""
        return f"{self.address.url}/metrics"


CURRENT = "current"
CERTIFICATE = "certificate.pem"
KEY = "key.pem"
CLIENT_CA = "client-ca.pem"
PEERS_CA = "peers-ca.pem"


@dataclass(frozen=True, slots=True)
class TlsTarget:
    """Where an edge serves TLS, and the folder with its PEM files as the edge sees it.

    The files lie behind the link `current`: replacing the link replaces them all at once. `http3_port` is the
    variable of the edge's environment that has the port at which clients reach it by HTTP/3; without one it
    is that of `listen`.
    """

    listen: Address
    folder: str
    http3_port: str = ""

    def file(self, name: str) -> str:
        """Return the path of one of the files."""
        return f"{self.folder}/{CURRENT}/{name}"


@dataclass(frozen=True, slots=True)
class Target:
    """The addresses that one edge sees.

    `endpoints` maps a part (`mobile`, `policy`, …) to its instances; `issuer` is the
    identity provider as clients and tokens name it; `listen` and `admin` are this edge's own.
    `balanced` says that a balancer stands in front and tells the clients' addresses. `edges` are
    all edges, this one too; they share the limits of the policy `cluster`. At `metrics` this edge tells
    what it counts; None: nowhere. `collector` is where spans are sent, if they are. In the folder `identity`
    is what it shows to BFFs and services under mTLS.
    """

    listen: Address
    admin: Address
    issuer: str
    endpoints: Mapping[str, tuple[Address, ...]]
    xds_folder: str
    balanced: bool = False
    edges: tuple[Address, ...] = ()
    tls: TlsTarget | None = None
    metrics: Address | None = None
    collector: Address | None = None
    identity: str = ""
