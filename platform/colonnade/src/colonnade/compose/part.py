"""One service of `compose.yaml`, hardened as all of them are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from colonnade.compose.text import Block

USER = "65532:65532"
BIND = "${COLONNADE_BIND:-127.0.0.1}"
"""The address that published ports are bound to: this machine only, unless the caller says otherwise."""

HARDENED: dict[str, Any] = {
    "restart": "unless-stopped",
    "user": USER,
    "read_only": True,
    "tmpfs": ["/tmp"],  # noqa: S108 - a container's own, in memory
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "stop_grace_period": "15s",
}
"""What every container has in common; it is written once, as a YAML anchor."""

# Asks by a socket and without site-packages, because it runs every few seconds in each container.
_ASK = r"""
import os, socket
s = socket.create_connection(("127.0.0.1", os.environ["PORT"]), 2)
s.sendall(b"GET /healthz HTTP/1.1\r\nHost: health\r\nConnection: close\r\n\r\n")
raise SystemExit(b" 200 " not in s.recv(64))
"""
_TIMING: dict[str, Any] = {"interval": "3s", "timeout": "3s", "retries": 5, "start_period": "30s"}

HTTP_HEALTH: dict[str, Any] = {
    "test": ["CMD", "python", "-ISc", "; ".join(_ASK.strip().splitlines())],
    **_TIMING,
}
"""Healthy when `GET /healthz` of the container's `PORT` answers 200; an anchor too."""

# Who shows no certificate is turned away by a process that is well: it alone can read its key.
_ASK_PEER = """
import os, socket, ssl
c = ssl._create_unverified_context()
s = c.wrap_socket(socket.create_connection(("127.0.0.1", int(os.environ["PORT"])), 2))
exec("try: s.recv(1)\\nexcept ssl.SSLError as e: raise SystemExit('CERTIFICATE_REQUIRED' not in str(e))")
raise SystemExit(1)
"""
PEER_HEALTH: dict[str, Any] = {
    "test": ["CMD", "python", "-ISc", "; ".join(_ASK_PEER.strip().splitlines())],
    **_TIMING,
}
"""Healthy when the container's `PORT` asks for a certificate (mTLS)."""

VALKEY_HEALTH: dict[str, Any] = {"test": ["CMD", "valkey-cli", "ping"], **_TIMING}


@dataclass(frozen=True, slots=True)
class Image:
    """What a container is made of: a Dockerfile, and the arguments it is built with."""

    name: str
    dockerfile: str
    args: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """One container. `needs` maps a part it waits for to the condition it waits for."""

    image: Image
    networks: Sequence[str]
    memory: str
    command: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    needs: Mapping[str, str] = field(default_factory=dict)
    volumes: Sequence[str] = ()
    secrets: Sequence[str] = ()
    ports: Sequence[tuple[int, int]] = ()
    udp_ports: Sequence[tuple[int, int]] = ()
    health: Mapping[str, Any] | None = None
    restart: str | None = None


def healthy(*parts: str) -> dict[str, str]:
    """Return the needs of a part that waits until `parts` are healthy."""
    return dict.fromkeys(parts, "service_healthy")


def entry(part: Part, platform: str) -> dict[str, Any]:
    """Return the part as compose writes it, without what all parts share."""
    build = {"context": ".", "dockerfile": part.image.dockerfile, "args": dict(part.image.args)}
    keys: dict[str, Any] = {
        "image": f"{platform}-{part.image.name}",
        "build": {key: value for key, value in build.items() if value},
        "command": list(part.command),
        "environment": Block(part.environment),
        "depends_on": {name: {"condition": condition} for name, condition in part.needs.items()},
        "networks": list(part.networks),
        "network_mode": "" if part.networks else "none",
        "ports": [
            *(f"{BIND}:{outside}:{inside}" for outside, inside in part.ports),
            *(f"{BIND}:{outside}:{inside}/udp" for outside, inside in part.udp_ports),
        ],
        "volumes": list(part.volumes),
        "secrets": list(part.secrets),
        "mem_limit": part.memory,
        "restart": part.restart,
        "healthcheck": part.health,
    }
    return {key: value for key, value in keys.items() if value}
