"""Which port each process gets: the manifest's and the contract's, or free ones."""

import contextlib
import random
import socket
from collections import deque
from collections.abc import Iterable, Mapping

from colonnade.errors import UserError, WorkError
from colonnade.ir.instances import numbered
from colonnade.ir.platform import Platform

IDENTITY = 8100
POLICY = 9001
VALKEY = 6390
ENVOY_ADMIN = 9901
ENVOY_METRICS = 9902
HOST = "127.0.0.1"

ANY = 0
"""Any free port."""

FREE_RANGE = range(20_000, 32_000)
"""Below the ports that systems give to outgoing connections, so a restart finds its port still free."""

BLOCK = 100
"""So many ports in a row are given away by one process only, which holds the first as long as it lives.

Who is given a port listens seconds later, and two Envoys at one port would share it without a word.
"""

_blocks: list[socket.socket] = []
"""What holds the blocks of this process."""

_ports: deque[int] = deque()
"""The other ports of these blocks; the first is given away next."""

Ports = Mapping[str, int]
"""Process → port. Envoys have more, `<name>-admin`, `<name>-metrics` and `<name>-tls`, policy services
`<name>-lease` and BFFs `<name>-metrics`; `telemetry-grpc` is a service's own, `telemetry-2-grpc` that of
its second instance."""


def ports_of(name: str, ports: Ports) -> set[str]:
    """Return the names of all ports where a process listens: `policy`, `policy-lease`."""
    return {
        port for port in (name, *(f"{name}-{use}" for use in ("lease", "grpc", "metrics"))) if port in ports
    }


def edge_name(platform: Platform) -> str:
    """Return the process that owns the edge's port: the only Envoy, or the balancer in front of several."""
    return "balancer" if platform.edge.replicas > 1 else "envoy"


def default_ports(platform: Platform, edge_port: int | None = None) -> dict[str, int]:
    """Return the ports of all processes, as the manifests say; `edge_port` replaces the edge's."""
    replicas = platform.edge.replicas
    envoys, policies = numbered("envoy", replicas), numbered("policy", replicas)
    second = [f"{name}-{use}" for name in envoys for use in ("admin", "metrics")]
    second += [f"{name}-lease" for name in policies]
    second += [f"{name}-metrics" for bff in platform.bffs for name in bff.instances]
    ports = dict.fromkeys([*envoys, *policies, *second], ANY)
    ports |= {"policy": POLICY, "envoy-admin": ENVOY_ADMIN, "envoy-metrics": ENVOY_METRICS}
    ports |= {"console": platform.edge.console_port}
    if replicas > 1:
        ports["balancer-admin"] = ANY
    ports[edge_name(platform)] = edge_port or platform.edge.port
    if platform.edge.tls is not None:
        ports |= dict.fromkeys((f"{name}-tls" for name in envoys), ANY)
        ports[f"{edge_name(platform)}-tls"] = platform.edge.tls.port
    if platform.store_url is None:
        ports["valkey"] = VALKEY
    if platform.development:
        ports["identity"] = IDENTITY
    for service in platform.services:
        ports |= _of_instances(service.name, service.replicas, service.port) if service.path else {}
        if service.path is not None and service.grpc_port is not None:
            grpc = {f"{name}-grpc": ANY for name in numbered(service.name, service.replicas)}
            ports |= grpc | {f"{service.name}-grpc": service.grpc_port}
    for bff in platform.bffs:
        ports |= _of_instances(bff.name, bff.replicas, bff.port)
    return ports


def _of_instances(name: str, replicas: int, port: int) -> dict[str, int]:
    """The first instance has the port that is asked for, the others any."""
    return dict.fromkeys(numbered(name, replicas), ANY) | {name: port}


def free_ports(names: Iterable[str], edge: tuple[str, int] | None = None) -> dict[str, int]:
    """Return wishes for free ports for all `names`, but for a chosen one of the edge's."""
    wishes = dict.fromkeys(names, ANY)
    return wishes | ({edge[0]: edge[1]} if edge else {})


def new_ports(ports: Ports, had: Ports, asked: Ports, *, ephemeral: bool) -> dict[str, int]:
    """Return wishes for the processes without a port, and for those whose manifest asks for another now.

    `ports` are those in use; `had` and `asked` what the manifests asked for before and ask for now.
    """
    if ephemeral:
        return free_ports(name for name in asked if name not in ports)
    return {
        name: port
        for name, port in asked.items()
        if name not in ports or (port != ANY and port != had.get(name, port) and port != ports[name])
    }


def allot(wishes: Ports) -> dict[str, int]:
    """Return a port that is free now for every wish; `ANY` gets one that no other wish got.

    All are held open until the last is found. Raises `PortInUseError` where a port asked for is taken.
    """
    ports: dict[str, int] = {}
    with contextlib.ExitStack() as held:
        for name, wish in sorted(wishes.items(), key=lambda item: item[1] == ANY):
            ports[name] = _hold_any(held) if wish == ANY else _hold(held, name, wish)
    return ports


def is_free(port: int) -> bool:
    """Return whether a process could listen on `port` now."""
    with socket.socket() as probe:
        return _binds(probe, port)


class PortInUseError(UserError):
    """A port that a process needs is held by another program."""

    def __init__(self, name: str, port: int) -> None:
        holder = _holder(port)
        by = f" by {holder}" if holder else ""
        hint = "stop that program, or run: bff up --ephemeral" + (
            " (or bff up --port N)" if name in {"envoy", "balancer"} else ""
        )
        super().__init__(f"port {port}, which {name} needs, is in use{by}", hint)
        self.port = port


def _hold(held: contextlib.ExitStack, name: str, port: int) -> int:
    probe = held.enter_context(socket.socket())
    if not _binds(probe, port):
        raise PortInUseError(name, port)
    return port


def _hold_any(held: contextlib.ExitStack) -> int:
    while True:
        for _ in range(len(_ports)):
            port = _ports[0]
            _ports.rotate(-1)  # its turn is over, because who got it may not listen yet
            if probe := _bound(port):
                held.enter_context(probe)
                return port
        _claim()


def _claim() -> None:
    """Take a block that no other process has."""
    firsts = FREE_RANGE[::BLOCK]
    for first in random.sample(firsts, len(firsts)):
        if lock := _bound(first):
            _blocks.append(lock)
            _ports.extendleft(range(first + 1, first + BLOCK))
            return
    raise WorkError("no free port was found on 127.0.0.1", "stop what you no longer need")


def _bound(port: int) -> socket.socket | None:
    probe = socket.socket()
    if _binds(probe, port):
        return probe
    probe.close()
    return None


def _binds(probe: socket.socket, port: int) -> bool:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind((HOST, port))
        # Without it, Linux lets another socket with the same option bind the port, too.
        probe.listen(1)
    except OSError:
        return False
    return True


def _holder(port: int) -> str:
    """Name the process that listens on `port`, where this user may see it."""
    import psutil  # noqa: PLC0415 - only a clash needs it

    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                return _describe(psutil.Process(connection.pid)) if connection.pid else ""
    return ""


def _describe(process: "psutil.Process") -> str:  # type: ignore[name-defined]  # noqa: F821 - imported late
    return f"{process.name()} (pid {process.pid})"
