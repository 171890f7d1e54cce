"""Where the parts of a platform are reached when compose runs it: every container by its name."""

from colonnade.compose.identities import OWN_FOLDER
from colonnade.envoy.balancer import Way
from colonnade.ir.instances import numbered
from colonnade.ir.platform import Bff, Platform, Service
from colonnade.ir.target import Address, Scraped, Target, TlsTarget

MIN_EDGES = 2
"""Compose shows the platform as production runs it, so one edge may fail."""

POLICY_PORT = 9001
LEASE_PORT = 9002
IDENTITY_PORT = 8100
VALKEY_PORT = 6379
ADMIN_PORT = 9901
EDGE_METRICS_PORT = 9902
BFF_METRICS_PORT = 9100

COLLECTOR = "collector"
LOOPBACK = {"127.0.0.1", "localhost"}

EDGE_FOLDER = "/etc/colonnade/edge"
TLS_FOLDER = "/run/colonnade/tls"
"""The edges' certificates, in a volume that only they and the container that fills it mount."""

HTTP3_PORT = "HTTP3_PORT"
"""The variable of an edge that has its own port for HTTP/3 on this machine: no balancer stands before it."""

ANYWHERE = "0.0.0.0"  # noqa: S104 - inside a container


def replicas(platform: Platform, name: str) -> list[str]:
    """Return the names of a part that runs once for each edge, numbered from the second on."""
    return numbered(name, max(MIN_EDGES, platform.edge.replicas))


def instances(part: Bff | Service) -> tuple[Address, ...]:
    """Return the address of every instance of a part: a container of its own, at the part's port."""
    return tuple(Address(name, part.port) for name in part.instances)


def issuer(platform: Platform) -> str:
    """Return the issuer as browsers, tokens and containers name it."""
    return platform.identity.issuer or f"http://127.0.0.1:{IDENTITY_PORT}"


def edge_url(platform: Platform) -> str:
    """Return where a browser on this machine finds the balancer."""
    return f"http://127.0.0.1:{platform.edge.port}"


def browser_urls(platform: Platform) -> list[str]:
    """Return the URLs under which a browser on this machine finds the balancer, that without TLS first."""
    tls = platform.edge.tls
    return [edge_url(platform), *([f"https://127.0.0.1:{tls.port}"] if tls else [])]


def edge_ports(platform: Platform) -> list[int]:
    """Return the ports of the balancer, which are the edges' own."""
    tls = platform.edge.tls
    return [platform.edge.port, *([tls.port] if tls else [])]


def edges(platform: Platform) -> list[Address]:
    """Return the addresses of all edges, as the balancer sees them."""
    return [Address(name, platform.edge.port) for name in replicas(platform, "envoy")]


def plain_way(platform: Platform) -> Way:
    """Return the balancer's way to the edges without TLS."""
    return Way("edges", Address(ANYWHERE, platform.edge.port), edges(platform))


def tls_way(platform: Platform) -> Way | None:
    """Return the balancer's way to the edges' TLS listeners; None where there are none."""
    tls = platform.edge.tls
    if tls is None:
        return None
    behind = [Address(name, tls.port) for name in replicas(platform, "envoy")]
    return Way("edges-tls", Address(ANYWHERE, tls.port), behind)


def target(platform: Platform) -> Target:
    """Return what an edge sees; it is the same for each of them."""
    endpoints = {part.name: instances(part) for part in platform.backends}
    endpoints["policy"] = tuple(Address(name, POLICY_PORT) for name in replicas(platform, "policy"))
    endpoints["lease"] = tuple(Address(name, LEASE_PORT) for name in replicas(platform, "policy"))
    tls = platform.edge.tls
    return Target(
        listen=Address(ANYWHERE, platform.edge.port),
        admin=Address("127.0.0.1", ADMIN_PORT),
        issuer=issuer(platform),
        endpoints=endpoints,
        xds_folder=EDGE_FOLDER,
        balanced=True,
        edges=tuple(edges(platform)),
        tls=None if tls is None else TlsTarget(Address(ANYWHERE, tls.port), TLS_FOLDER, HTTP3_PORT),
        metrics=Address(ANYWHERE, EDGE_METRICS_PORT),
        collector=collector(platform),
        identity=OWN_FOLDER,
    )


def collector(platform: Platform) -> Address | None:
    """Return where spans are sent; None where they are not. This machine's loopback is no container's."""
    if platform.traces is None:
        return None
    address = platform.traces.collector
    return Address(COLLECTOR, address.port) if address.host in LOOPBACK else address


def scraped(platform: Platform) -> list[Scraped]:
    """Return where every part tells what it counts; the networks `front` and `backend` reach all of them."""
    found = [Scraped("edge", name, Address(name, EDGE_METRICS_PORT)) for name in replicas(platform, "envoy")]
    found += [Scraped("policy", name, Address(name, POLICY_PORT)) for name in replicas(platform, "policy")]
    found += [
        Scraped("bff", name, Address(name, BFF_METRICS_PORT), bff.name)
        for bff in platform.bffs
        for name in bff.instances
    ]
    return [*found, Scraped("console", "console", Address("console", platform.edge.console_port))]
