"""Compiles a platform into the files that its processes read."""

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec

import colonnade_policy
from colonnade import envoy, observability
from colonnade.envoy.balancer import Way
from colonnade.envoy.message import Json, written
from colonnade.envoy.publish import publish, publish_live, publish_upstreams, write_bootstrap
from colonnade.envoy.validate import validate
from colonnade.ir.platform import Platform
from colonnade.ir.target import Address
from colonnade.local import addresses, certificates
from colonnade.local.layout import Layout
from colonnade.local.ports import Ports
from colonnade.local.state import write_text
from colonnade.manifest.folders import require_folders
from colonnade.manifest.load import load
from colonnade.policy import identity_clients, policy_document
from colonnade.resolve import resolve


def compile_platform(root: Path, kept: Path | None = None) -> Platform:
    """Return the platform as its manifests say now, or with `kept` those of that folder.

    Raises `ManifestError` with all problems.
    """
    manifests = load(root, kept)
    require_folders(manifests)
    return resolve(manifests)


class Publisher:
    """Writes the compiled files of one stack, each replaced in one step."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def prepare(self, platform: Platform, ports: Ports) -> None:
        """Write everything that the processes want to find when they start."""
        certificates.publish(self._layout, platform)
        self.publish_policy(platform, ports)
        for number in range(1, platform.edge.replicas + 1):
            folder = self._layout.edge(number)
            folder.mkdir(exist_ok=True)
            write_bootstrap(folder, platform, addresses.target(platform, ports, self._layout, number))
            self.publish_edge(platform, ports, number)
        self.publish_scrape(platform, ports)
        if platform.edge.replicas > 1:
            write_text(self._layout.balancer_file, json.dumps(self._balancer(platform, ports)))

    @staticmethod
    def _balancer(platform: Platform, ports: Ports) -> Json:
        plain = Way("edges", addresses.address(ports["balancer"]), addresses.edges(platform, ports))
        tls = None
        if platform.edge.tls is not None:
            listen = addresses.address(ports["balancer-tls"])
            tls = Way("edges-tls", listen, addresses.tls_edges(platform, ports))
        admin = addresses.address(ports["balancer-admin"])
        return envoy.balancer(plain, tls, admin, platform.edge.max_connections)

    def publish_policy(self, platform: Platform, ports: Ports, used: Sequence[Platform] = ()) -> None:
        """Publish the policy and the identity provider's clients.

        The routes of what edges have `used` until now stay known until they no longer do.
        """
        issuer = addresses.issuer(platform, ports)
        document = policy_document(platform, issuer)
        if used:
            routes = {
                name: one for before in used for name, one in policy_document(before, issuer).routes.items()
            }
            routes |= document.routes
            document = msgspec.structs.replace(document, routes=routes, revision=f"{document.revision}+")
        write_text(self._layout.policy_file, colonnade_policy.encode(document).decode())
        if platform.development:
            clients = identity_clients(platform, addresses.browser_urls(platform, ports))
            write_text(self._layout.clients_file, json.dumps(clients, indent=1))

    def publish_upstreams(self, platform: Platform, ports: Ports, edge: int) -> None:
        """Publish what the routes of an edge may name; edges are counted from 1."""
        target = addresses.target(platform, ports, self._layout, edge)
        publish_upstreams(self._layout.edge(edge), platform, target)

    def publish_edge(self, platform: Platform, ports: Ports, edge: int) -> None:
        """Publish all that an edge routes by."""
        publish(self._layout.edge(edge), platform, addresses.target(platform, ports, self._layout, edge))

    def publish_scrape(self, platform: Platform, ports: Ports) -> None:
        """Publish what a Prometheus has to know of this stack: where to read, and when to call somebody."""
        folder = self._layout.prometheus
        folder.mkdir(exist_ok=True)
        write_text(folder / observability.ALERTS, observability.alerts(platform))
        parts = addresses.scraped(platform, ports)
        write_text(folder / observability.PROMETHEUS, observability.prometheus(parts))

    def compiled(self, platform: Platform, ports: Ports) -> dict[str, str]:
        """Return what the manifests say to an edge and to the policy service, by file, to be compared."""
        document = policy_document(platform, addresses.issuer(platform, ports))
        found: dict[str, Json | list[Json]] = {
            "policy.json": msgspec.json.decode(colonnade_policy.encode(document))
        }
        target = addresses.target(platform, ports, self._layout, 1)
        found |= {f"edge/{name}.json": one for name, one in envoy.resources(platform, target).items()}
        return {name: written(one) for name, one in found.items()}

    def publish_live(self, platform: Platform, edges: Sequence[Address]) -> None:
        """Tell every edge which of them are alive."""
        for number in range(1, platform.edge.replicas + 1):
            publish_live(self._layout.edge(number), edges)

    async def validate(self, platform: Platform, ports: Ports) -> None:
        """Have Envoy itself validate the platform. Raises `WorkError` with what it says."""
        await validate(platform, addresses.target(platform, ports, self._layout, 1))
