"""Instances of BFFs behind an edge: each answers its name, and what it was sent."""

import json
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from colonnade.ir.target import Address
from colonnade_tests.envoy.backend import HOST

CERTAIN = {1: 23.93, 2: 27.63}
"""What chi-square exceeds once in a million times, by degrees of freedom."""


class Instance:
    """One instance. `asked` counts requests by method, but for health checks; `/held` waits to be `freed`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked: Counter[str] = Counter()
        self.freed = threading.Event()
        self.status = 200
        self._server = _Server((HOST, 0), type("Handler", (_Handler,), {"instance": self}))
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> Address:
        return Address(HOST, self._server.server_address[1])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Fleet:
    """The instances of several BFFs: `mobile`, `mobile-2` and so on."""

    def __init__(self, **counts: int) -> None:
        self.instances = {
            bff: [Instance(f"{bff}-{number}") for number in range(1, count + 1)]
            for bff, count in counts.items()
        }

    def endpoints(self, **leaving: int) -> dict[str, tuple[Address, ...]]:
        """The addresses of all, without so many of the last ones of a BFF."""
        return {
            bff: tuple(one.address for one in some[: len(some) - leaving.get(bff, 0)])
            for bff, some in self.instances.items()
        }

    def close(self) -> None:
        for some in self.instances.values():
            for instance in some:
                instance.close()


class Answer:
    """What came back, and from whom."""

    def __init__(self, status: int, cookie: str | None, body: bytes) -> None:
        self.status = status
        self.cookie = cookie
        told: dict[str, Any] = json.loads(body) if status == 200 else {}
        self.name = str(told.get("name"))
        self.bff = self.name.rpartition("-")[0]
        self.headers: dict[str, str] = told.get("headers", {})


class Client:
    """One connection to an edge."""

    def __init__(self, edge: Address) -> None:
        self._connection = HTTPConnection(edge.host, edge.port, timeout=10)

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, path, headers=told)
        answer = self._connection.getresponse()
        return Answer(answer.status, answer.getheader("set-cookie"), answer.read())

    def close(self) -> None:
        self._connection.close()


@contextmanager
def client(edge: Address) -> Iterator[Client]:
    """A client that comes for the first time."""
    one = Client(edge)
    try:
        yield one
    finally:
        one.close()


def chi_square(observed: Sequence[int], expected: Sequence[float]) -> float:
    return sum((one - due) ** 2 / due for one, due in zip(observed, expected, strict=True))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    instance: Instance
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path != "/healthz":
            self.instance.asked[self.command] += 1
        if self.path == "/held":
            self.instance.freed.wait(10)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = json.dumps({"name": self.instance.name, "headers": headers}).encode()
        self.send_response(200 if self.path == "/healthz" else self.instance.status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_POST = answer  # noqa: N815 - the base class's names

    def log_message(self, *_: object) -> None:
        pass
