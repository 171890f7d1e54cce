"""Where the parts of a platform are reached when compose runs it: every container by its name."""

from colonnade.ir.platform import Platform
from colonnade.ir.target import Address, Target

MIN_EDGES = 2
"""Compose shows the platform as production runs it, so one edge may fail."""

POLICY_PORT = 9001
IDENTITY_PORT = 8100
VALKEY_PORT = 6379
ADMIN_PORT = 9901

EDGE_FOLDER = "/etc/colonnade/edge"


def replicas(platform: Platform, name: str) -> list[str]:
    """Return the names of a part that runs once for each edge, numbered from the second on."""
    count = max(MIN_EDGES, platform.edge.replicas)
    return [name, *(f"{name}-{number}" for number in range(2, count + 1))]


def issuer(platform: Platform) -> str:
    """Return the issuer as browsers, tokens and containers name it."""
    return platform.identity.issuer or f"http://127.0.0.1:{IDENTITY_PORT}"


def edge_url(platform: Platform) -> str:
    """Return where a browser on this machine finds the balancer."""
    return f"http://127.0.0.1:{platform.edge.port}"


def edges(platform: Platform) -> list[Address]:
    """Return the addresses of all edges, as the balancer sees them."""
    return [Address(name, platform.edge.port) for name in replicas(platform, "envoy")]


def target(platform: Platform) -> Target:
    """Return what an edge sees; it is the same for each of them."""
    endpoints: dict[str, tuple[Address, ...]] = {
        bff.name: (Address(bff.name, bff.port),) for bff in platform.bffs
    }
    endpoints["policy"] = tuple(Address(name, POLICY_PORT) for name in replicas(platform, "policy"))
    if platform.development:
        endpoints["identity"] = (Address("identity", IDENTITY_PORT),)
    return Target(
        listen=Address("0.0.0.0", platform.edge.port),  # noqa: S104 - inside its container
        admin=Address("127.0.0.1", ADMIN_PORT),
        issuer=issuer(platform),
        endpoints=endpoints,
        xds_folder=EDGE_FOLDER,
        balanced=True,
        edges=tuple(edges(platform)),
    )
