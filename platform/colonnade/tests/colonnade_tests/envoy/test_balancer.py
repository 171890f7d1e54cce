"""The balancer passes no connection to an edge that has died while another lives."""

import json
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import httpx

from colonnade.envoy.balancer import Way, balancer
from colonnade.envoy.validate import envoy_binary
from colonnade.ir.target import Address
from colonnade_tests.envoy.backend import HOST
from colonnade_tests.envoy.edge import eventually, free_ports

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
CALLERS = 8


@contextmanager
def edge() -> Iterator[socket.socket]:
    """Stands in for an edge, until its socket is shut down: answers each connection, whatever it is asked."""
    with socket.create_server((HOST, 0), backlog=1024) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

        Thread(target=serve, daemon=True).start()
        yield listener
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def answer(connection: socket.socket) -> None:
    with connection:
        asked = b""
        while b" HTTP/1.1\r\n" not in asked:
            if not (more := connection.recv(4096)):
                return
            asked += more
        connection.sendall(ANSWER)


@contextmanager
def balancing(folder: Path, *edges: Address) -> Iterator[tuple[Address, Address]]:
    """Run a balancer; tell where it listens, and where its admin does."""
    listen, admin, *_ = (Address(HOST, port) for port in free_ports())
    file = folder / "balancer.json"
    file.write_text(json.dumps(balancer(Way("plain", listen, edges), None, admin, 1000)), encoding="utf-8")
    argv = [str(envoy_binary()), "-c", str(file), "--disable-hot-restart", "--concurrency", "1"]
    with subprocess.Popen([*argv, "--log-level", "error"]) as process:
        try:
            yield listen, admin
        finally:
            process.terminate()


def ask(listen: Address) -> bytes:
    """Ask over a connection of its own; return how the answer begins."""
    try:
        with socket.create_connection((listen.host, listen.port), timeout=20) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            return connection.recv(4096)[:12]
    except ConnectionError as error:
        return type(error).__name__.encode()


def stat(admin: Address, name: str) -> int:
    query = {"filter": f"^cluster.plain.{name}$", "format": "json"}
    (found,) = httpx.get(f"{admin.url}/stats", params=query).json()["stats"]
    return int(found["value"])


def test_an_edge_that_has_just_died_costs_no_connection(tmp_path: Path) -> None:
    """Clients that come back at once, all together, before a health check has noticed."""
    with edge() as staying, edge() as dying:
        addresses = [Address(HOST, one.getsockname()[1]) for one in (staying, dying)]
        with balancing(tmp_path, *addresses) as (listen, admin):
            well = [f"{address}::health_flags::healthy" for address in addresses]
            eventually(lambda: all(one in httpx.get(f"{admin.url}/clusters").text for one in well))
            dying.shutdown(socket.SHUT_RDWR)
            with ThreadPoolExecutor(CALLERS) as pool:
                answers = Counter(pool.map(ask, [listen] * 200))
            if stat(admin, "upstream_cx_connect_fail"):  # it was tried before a health check told
                eventually(lambda: stat(admin, "outlier_detection.ejections_enforced_total") >= 1)

    assert Counter({b"HTTP/1.1 200": 200}) == answers
