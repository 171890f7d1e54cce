"""One process of a stack as data: what to start, when, and how to know that it is well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Health:
    """A question to `127.0.0.1:port`, and how the answer of a healthy process begins.

    Under mTLS it is asked of the `peer`, by who shows the certificate in the folder `identity`.
    """

    port: int
    question: bytes = field(repr=False)
    answer: bytes
    peer: str = ""
    identity: str = ""


def http_health(port: int) -> Health:
    """Return the check of a process that serves `GET /healthz`."""
    return _asked(port, "GET /healthz")


def held(port: int, token: str) -> Health:
    """Return what has a policy service keep its questions from a store that is about to be restarted."""
    return _asked(port, "POST /hold", f"Authorization: Bearer {token}")


def _asked(port: int, what: str, *headers: str) -> Health:
    always = (f"Host: 127.0.0.1:{port}", "Content-Length: 0", "Connection: close")
    lines = (f"{what} HTTP/1.1", *always, *headers, "", "")
    return Health(port, "\r\n".join(lines).encode(), b"HTTP/1.1 200")


def valkey_health(port: int) -> Health:
    """Return the check of Valkey; while it loads its data, it answers something else."""
    return Health(port, b"PING\r\n", b"+PONG")


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """One process. It starts when all that it comes `after` are healthy.

    `admin_port` is that of an Envoy; where it is `drained`, it finishes the requests under way before it is
    stopped.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    cwd: Path
    health: Health
    url: str
    after: tuple[str, ...] = ()
    admin_port: int | None = None
    drained: bool = False


def layers(specs: Sequence[ProcessSpec]) -> list[list[ProcessSpec]]:
    """Return the processes in the order of starting; those of one layer don't need each other."""
    by_name = {spec.name: spec for spec in specs}
    sorter = TopologicalSorter({spec.name: [n for n in spec.after if n in by_name] for spec in specs})
    sorter.prepare()
    found: list[list[ProcessSpec]] = []
    while sorter.is_active():
        ready = sorter.get_ready()
        found.append([by_name[name] for name in sorted(ready)])
        sorter.done(*ready)
    return found
