"""What an edge does with more than it, or a BFF behind it, can do."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field

import pytest

from colonnade_tests.envoy.edge import PLATFORM, Edge, eventually, running

BFF = """\
kind: mobile
port: 3001
route: {prefix: /api/shop, timeouts: {read: 4s}}
auth: {type: none}
routes:
  - {name: telemetry, path: /telemetry, criticality: sheddable}
  - {name: beacon, path: /beacon, criticality: sheddable}
  - {name: home, path: /home, timeouts: {read: 2s}}
  - {name: checkout, path: /checkout, criticality: critical}
"""
CRITICAL = PLATFORM.replace("{auth", "{critical: [shop], auth")


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running(tmp_path_factory.mktemp("edge"), {"shop": BFF}, CRITICAL, policy_service=False) as edge:
        yield edge


@dataclass
class Crowd:
    """So many clients at once, each of which asks again as soon as it has its answer."""

    edge: Edge
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    refusals: list[bytes] = field(default_factory=list)

    async def run(self, clients: dict[str, int], requests: int) -> "Crowd":
        """Have `clients` of each path ask until there were so many answers in all."""
        each = [self._client(path, requests) for path, count in clients.items() for _ in range(count)]
        await asyncio.gather(*each)
        return self

    async def _client(self, path: str, requests: int) -> None:
        listen = self.edge.target.listen
        reader, writer = await asyncio.open_connection(listen.host, listen.port)
        # A client whose answer broke off has seen enough.
        with closing(writer), suppress(asyncio.IncompleteReadError):
            while self.statuses.total() < requests:
                await self._ask(path, reader, writer)
        await writer.wait_closed()

    async def _ask(self, path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"GET /api/shop/{path} HTTP/1.1\r\nHost: shop\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0]))
        status = int(head.split()[1])
        self.statuses[path, status] += 1
        if status != 200:
            self.refusals.append(head + body)


def crowd(edge: Edge, clients: dict[str, int], requests: int) -> Crowd:
    return asyncio.run(Crowd(edge).run(clients, requests))


def test_telemetry_is_shed_before_the_rest(edge: Edge) -> None:
    """By a BFF that answers 250 requests a second; its routes of one criticality are watched together."""
    seen = crowd(edge, {"telemetry/busy": 60, "beacon/busy": 60, "busy": 60, "checkout/busy": 60}, 700)

    assert seen.statuses["telemetry/busy", 503] + seen.statuses["beacon/busy", 503] > 0
    assert seen.statuses["busy", 503] == seen.statuses["checkout/busy", 503] == 0
    head, _, body = seen.refusals[0].partition(b"\r\n\r\n")
    assert b"\r\nretry-after: 1\r\n" in head + b"\r\n"
    assert json.loads(body)["detail"].startswith("There is more to do")


def test_checkout_is_not_shed(edge: Edge) -> None:
    seen = crowd(edge, {"home/busy": 150, "checkout/busy": 100}, 700)

    assert seen.statuses["home/busy", 503] > 0
    assert seen.statuses["checkout/busy", 503] == 0


def test_a_crowd_is_no_overload(edge: Edge) -> None:
    """Where the BFF is quick as many at once are served; soon after an overload, too."""
    eventually(lambda: set(crowd(edge, {"quick": 80}, 300).statuses) == {("quick", 200)}, within=30)
