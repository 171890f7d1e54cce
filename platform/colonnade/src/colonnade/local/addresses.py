"""Where the parts of a local stack are reached: on the loopback address, at the ports they were given."""

from colonnade.ir.instances import numbered
from colonnade.ir.peers import EDGE
from colonnade.ir.platform import Platform
from colonnade.ir.target import Address, Scraped, Target, TlsTarget
from colonnade.local.layout import Layout
from colonnade.local.ports import HOST, Ports, edge_name


def address(port: int) -> Address:
    """Return `port` of this machine."""
    return Address(HOST, port)


def part_url(platform: Platform, port: int) -> str:
    """Return where a BFF or service of the platform's is reached."""
    return f"https://{address(port)}" if platform.mtls else address(port).url


def instances(name: str, replicas: int, ports: Ports) -> tuple[Address, ...]:
    """Return the address of every instance of a part, the first first."""
    return tuple(address(ports[instance]) for instance in numbered(name, replicas))


def issuer(platform: Platform, ports: Ports) -> str:
    """Return the identity provider as clients and tokens name it."""
    return platform.identity.issuer or address(ports["identity"]).url


def edge_url(platform: Platform, ports: Ports) -> str:
    """Return where clients find the platform."""
    return address(ports[edge_name(platform)]).url


def edge_tls_url(platform: Platform, ports: Ports) -> str | None:
    """Return where clients find the platform over TLS; None where it is not served."""
    port = ports.get(f"{edge_name(platform)}-tls")
    return None if port is None else f"https://{address(port)}"


def tls_edges(platform: Platform, ports: Ports) -> list[Address]:
    """Return the TLS address of every edge; none where it is not served."""
    names = numbered("envoy", platform.edge.replicas) if platform.edge.tls is not None else []
    return [address(ports[f"{name}-tls"]) for name in names]


def edges(platform: Platform, ports: Ports) -> list[Address]:
    """Return the address of every edge."""
    return [address(ports[name]) for name in numbered("envoy", platform.edge.replicas)]


def browser_urls(platform: Platform, ports: Ports) -> list[str]:
    """Return every URL under which a browser on this machine may reach an edge, those without TLS first."""
    names = dict.fromkeys([edge_name(platform), *numbered("envoy", platform.edge.replicas)])
    reached = [("http", ports[name]) for name in names]
    reached += [("https", ports[f"{name}-tls"]) for name in names if f"{name}-tls" in ports]
    return [f"{scheme}://{host}:{port}" for scheme, port in reached for host in (HOST, "localhost")]


def target(platform: Platform, ports: Ports, layout: Layout, number: int) -> Target:
    """Return what edge `number`, counted from 1, sees."""
    name = numbered("envoy", platform.edge.replicas)[number - 1]
    policies = numbered("policy", platform.edge.replicas)
    parts = [(bff.name, bff.replicas) for bff in platform.bffs]
    parts += [(service.name, service.replicas) for service in platform.services if service.path is not None]
    endpoints = {part: instances(part, replicas, ports) for part, replicas in parts}
    for one in (one for one in platform.exposed if one.grpc):
        endpoints[one.name] = tuple(address(ports[f"{name}-grpc"]) for name in one.instances)
    endpoints["policy"] = tuple(address(ports[policy]) for policy in policies)
    endpoints["lease"] = tuple(address(ports[f"{policy}-lease"]) for policy in policies)
    tls_port = ports.get(f"{name}-tls")
    return Target(
        listen=address(ports[name]),
        admin=address(ports[f"{name}-admin"]),
        issuer=issuer(platform, ports),
        endpoints=endpoints,
        xds_folder=str(layout.edge(number)),
        balanced=platform.edge.replicas > 1,
        edges=tuple(edges(platform, ports)),
        tls=None if tls_port is None else TlsTarget(address(tls_port), str(layout.certificates)),
        identity=str(layout.identity(EDGE)),
        metrics=address(ports[f"{name}-metrics"]),
        collector=collector(platform),
    )


def collector(platform: Platform) -> Address | None:
    """Return where spans are sent; None where they are not."""
    return platform.traces.collector if platform.traces else None


def scraped(platform: Platform, ports: Ports) -> list[Scraped]:
    """Return where every part tells what it counts."""
    envoys, policies = numbered("envoy", platform.edge.replicas), numbered("policy", platform.edge.replicas)
    found = [Scraped("edge", name, address(ports[f"{name}-metrics"])) for name in envoys]
    found += [Scraped("policy", name, address(ports[name])) for name in policies]
    found += [
        Scraped("bff", name, address(ports[f"{name}-metrics"]), bff.name)
        for bff in platform.bffs
        for name in bff.instances
    ]
    return [*found, Scraped("console", "console", address(ports["console"]))]
