"""What a BFF's templates are rendered with."""

import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass

from colonnade.errors import UserError
from colonnade.manifest.bff import BffManifest
from colonnade.manifest.load import Manifests
from colonnade.manifest.model import Kind

FIRST_PORT = 3003
LAST_PORT = 3999
SERVICES = {
    Kind.WEB: ("user", "product", "order"),
    Kind.MOBILE: ("user", "product", "order"),
    Kind.IOT: ("device", "telemetry"),
}
"""The services that a kind's views use; those the platform has not are left out."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The variables of `templates/bff`."""

    name: str
    kind: str
    owner: str
    port: int
    prefix: str
    services: tuple[str, ...]

    @property
    def package(self) -> str:
        """The import name."""
        return f"{self.name.replace('-', '_')}_bff"

    @property
    def variables(self) -> dict[str, object]:
        """All of it, as the templates name it."""
        title = self.name.replace("-", " ").capitalize()
        return asdict(self) | {"package": self.package, "title": title}


def choose(name: str, kind: Kind, owner: str, manifests: Manifests, in_use: Callable[[int], bool]) -> Answers:
    """Return the answers of a new BFF: its prefix, and the next port that nothing else has.

    `in_use` tells whether another program listens on a port now. Raises `UserError` where another
    BFF has the prefix, or no port is left.
    """
    platform = manifests.platform.manifest
    prefix = f"{platform.guardrails.prefix.rstrip('/')}/{name}"
    for other in manifests.bffs.values():
        if other.manifest.route.prefix == prefix:
            raise UserError(f"{prefix} is taken by {other.manifest.name}", "choose another name")
    port = next((one for one in _free_ports(manifests) if not in_use(one)), None)
    if port is None:
        raise UserError(f"no port from {FIRST_PORT} to {LAST_PORT} is free", "remove a BFF first")
    services = tuple(service for service in SERVICES[kind] if service in platform.services)
    return Answers(name, kind.value, owner, port, prefix, services)


def recall(bff: BffManifest) -> Answers:
    """Return the answers that a BFF was rendered with, as its manifest tells them."""
    return Answers(bff.name, bff.kind.value, bff.owner, bff.port, bff.route.prefix, bff.services)


def listening(port: int) -> bool:
    """Return whether a program on this machine listens on `port` of the loopback address."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_ports(manifests: Manifests) -> list[int]:
    platform = manifests.platform.manifest
    taken = {platform.edge.port, platform.edge.console_port}
    taken |= {service.port for service in platform.services.values()}
    taken |= {service.grpc_port for service in platform.services.values() if service.grpc_port}
    taken |= {bff.manifest.port for bff in manifests.bffs.values()}
    return [port for port in range(FIRST_PORT, LAST_PORT + 1) if port not in taken]
