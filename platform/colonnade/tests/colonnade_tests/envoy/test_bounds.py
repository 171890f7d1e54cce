"""A BFF that hangs takes what is its own, and nothing of the others'."""

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from itertools import count, islice

import httpx
import pytest

from colonnade.envoy.clusters.bounds import MIN_RETRIES
from colonnade.ir.target import Address
from colonnade_tests.envoy.backend import HOST
from colonnade_tests.envoy.edge import PLATFORM, Edge, eventually, running
from colonnade_tests.envoy.patients import Patient, patients

SLOW = """\
kind: web
port: 3003
auth: {type: none}
route: {prefix: /api/slow, criticality: critical, timeouts: {read: 60s}, retries: {attempts: 0}}
bounds: {connections: 8, pending: 4}
"""
RETRIED = """\
kind: web
port: 3004
auth: {type: none}
route:
  {prefix: /api/retried, criticality: critical, timeouts: {read: 60s}, retries: {attempts: 1, per_try: 60s}}
breaker: {unhealthy: {failures: 1000}}
bounds: {retries: 0%}
"""
QUICK = "kind: mobile\nport: 3005\nauth: {type: none}\nroute: {prefix: /api/quick}\n"
DEAF = """\
kind: web
port: 3006
auth: {type: none}
route: {prefix: /api/deaf, timeouts: {connect: 100ms, read: 2s}, retries: {attempts: 0}}
"""
TRUSTED = PLATFORM.replace("guardrails: {", "guardrails: {critical: [slow, retried], ")
NUMBERS = count()
BFFS = {"slow": SLOW, "retried": RETRIED, "quick": QUICK}


@pytest.fixture(scope="module")
def all_of_them() -> Iterator[list[Patient]]:
    with patients(*BFFS) as started:
        yield started


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory, all_of_them: list[Patient]) -> Iterator[Edge]:
    addresses = {one.name: (one.address,) for one in all_of_them}
    folder = tmp_path_factory.mktemp("edge")
    with deaf() as address:
        addresses["deaf"] = (address,)
        bffs = BFFS | {"deaf": DEAF}
        with running(folder, bffs, TRUSTED, policy_service=False, endpoints=addresses) as edge:
            yield edge


@contextmanager
def deaf() -> Iterator[Address]:
    """A process that is well, as it says on its first connection, and takes no other one any more."""
    with socket.create_server((HOST, 0), backlog=0) as listener, ExitStack() as held:

        def say() -> None:
            connection = held.enter_context(listener.accept()[0])
            while connection.recv(4096):
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                for _ in range(4):  # what waits to be taken is full, so who connects now is not answered
                    waiting = held.enter_context(socket.socket())
                    waiting.setblocking(False)
                    waiting.connect_ex(listener.getsockname())

        threading.Thread(target=say, daemon=True).start()
        yield Address(HOST, listener.getsockname()[1])


def test_one_that_takes_no_connection_is_given_up_after_connect_and_not_after_read(edge: Edge) -> None:
    answer = edge.get("/api/deaf")

    assert (503, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert edge.stat("cluster.deaf.upstream_cx_connect_timeout") == 1


@asynccontextmanager
async def asking(edge: Edge, path: str, times: int) -> AsyncIterator[list[asyncio.Task[httpx.Response]]]:
    """Ask so many times at once, for paths of their own, and give up in the end what has no answer."""
    limits = httpx.Limits(max_connections=times)
    async with httpx.AsyncClient(base_url=edge.url, timeout=90, limits=limits, verify=False) as client:  # noqa: S501 - there is no TLS
        tasks = [asyncio.create_task(client.get(f"{path}/{next(NUMBERS)}")) for _ in range(times)]
        yield tasks
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until_answered(tasks: list[asyncio.Task[httpx.Response]], count: int) -> list[httpx.Response]:
    """Return the answers when there are so many; a minute is less than the slow ones take."""
    async with asyncio.timeout(40):
        return [await answer for answer in islice(asyncio.as_completed(tasks), count)]


async def test_one_that_hangs_for_a_minute_does_not_starve_the_others(
    edge: Edge, all_of_them: list[Patient]
) -> None:
    slow, _, quick = all_of_them
    slow.hanging = True
    async with AsyncExitStack() as asked:
        for connections in range(1, 9):  # a request counts as pending while its connection is made
            await asked.enter_async_context(asking(edge, "/api/slow", 1))
            await asyncio.to_thread(eventually, lambda want=connections: slow.total == want)
        pending = await asked.enter_async_context(asking(edge, "/api/slow", 4))
        await asyncio.to_thread(eventually, lambda: edge.stat("cluster.slow.upstream_rq_pending_active") == 4)
        refused = await until_answered(await asked.enter_async_context(asking(edge, "/api/slow", 48)), 48)
        answered = await until_answered(await asked.enter_async_context(asking(edge, "/api/quick", 60)), 60)
        waiting, reached = sum(not task.done() for task in pending), slow.total

    assert {(503, "1", "application/problem+json")} == {
        (one.status_code, one.headers["retry-after"], one.headers["content-type"]) for one in refused
    }
    assert {200} == {one.status_code for one in answered}
    assert (4, 8, 60) == (waiting, reached, quick.total)


async def test_further_tries_are_bounded_when_all_want_one(edge: Edge, all_of_them: list[Patient]) -> None:
    """So many at once, or a BFF in trouble is asked twice as much as ever."""
    _, retried, _ = all_of_them
    retried.hanging = retried.first_breaks = True
    async with asking(edge, "/api/retried", MIN_RETRIES):
        await asyncio.to_thread(eventually, lambda: retried.open == MIN_RETRIES)
        async with asking(edge, "/api/retried", 40) as more:
            answers = await until_answered(more, 40)

    assert Counter({503: 40}) == Counter(one.status_code for one in answers)
    assert 2 * MIN_RETRIES + 40 == retried.total
