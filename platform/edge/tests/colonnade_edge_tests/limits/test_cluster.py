"""The store as a cluster: limits of one decision lie on one node, those of others elsewhere."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import redis

from colonnade_edge_tests.documents import document, limit, mobile, publish, question, subject
from colonnade_edge_tests.processes import Served, Valkey, free_port, serving, valkey, wait_until
from colonnade_policy import Route

SLOTS = 16_384
NODES = 3


def routes() -> dict[str, Route]:
    both = (limit("two.narrow", burst=2), limit("two.wide", burst=9))
    return {
        "one": Route("mobile", "jwt", (), (limit("one.l", burst=3, on_store_failure="deny"),)),
        "busy": Route("mobile", "jwt", (), (limit("busy.l", burst=300, key=("route",)),)),
        "two": Route("mobile", "jwt", (), both),
        "mixed": Route(
            "mobile", "jwt", (), (limit("mixed.own", burst=5), limit("mixed.all", burst=8, key=("route",)))
        ),
        "iot": Route("iot", "api_key", (), (limit("iot.l"),)),
        "free": Route("mobile", "jwt"),
    }


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Valkey]]:
    with ExitStack() as stack:
        nodes = [
            stack.enter_context(valkey(tmp_path_factory.mktemp("node"), cluster_port=free_port()))
            for _ in range(NODES)
        ]
        clients = [stack.enter_context(node.client()) for node in nodes]
        for number, client in enumerate(clients):
            first, last = number * SLOTS // NODES, (number + 1) * SLOTS // NODES - 1
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
            client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for node in nodes[1:]:
            clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", node.port, node.cluster_port)
        wait_until(lambda: all(_knows_all(client) for client in clients), "the cluster")
        yield nodes


def _knows_all(client: "redis.Redis") -> bool:
    found: dict[str, str] = client.execute_command("CLUSTER INFO")  # type: ignore[no-untyped-call]
    return found["cluster_state"] == "ok" and found["cluster_known_nodes"] == str(NODES)


@pytest.fixture(scope="module")
def services(
    cluster: list[Valkey], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Served, Served]]:
    folder = tmp_path_factory.mktemp("services")
    publish(folder / "policy.json", document(routes=routes()))
    url = f"redis-cluster://127.0.0.1:{cluster[0].port}"
    environment = {"POLICY_FILE": str(folder / "policy.json"), "STORE_URL": url}
    with (
        serving("colonnade_edge", folder, environment) as one,
        serving("colonnade_edge", folder, environment) as two,
    ):
        yield one, two


def client(service: Served) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=service.url, http1=False, http2=True, timeout=30)


async def ask(service: Served, headers: dict[str, str], count: int) -> Counter[int]:
    async with client(service) as edge:
        answers = await asyncio.gather(*(edge.get("/check/", headers=headers) for _ in range(count)))
    return Counter(answer.status_code for answer in answers)


async def test_many_consumers_are_counted_exactly_on_all_nodes(
    services: tuple[Served, Served], cluster: list[Valkey]
) -> None:
    consumers = [mobile("one", subject()) for _ in range(60)]

    async with client(services[0]) as one, client(services[1]) as two:
        asked = [
            edge.get("/check/", headers=headers)
            for headers in consumers
            for edge in (one, two)
            for _ in range(3)
        ]
        answers = await asyncio.gather(*asked)

    assert Counter(answer.status_code for answer in answers) == {200: 180, 429: 180}
    for node in cluster:
        with node.client() as store:
            assert store.dbsize() > 0


async def test_a_limit_is_exact_for_two_instances(services: tuple[Served, Served]) -> None:
    headers = mobile("busy", subject())

    found = await asyncio.gather(*(ask(service, headers, 300) for service in services))

    assert found[0] + found[1] == {200: 300, 429: 300}


@pytest.mark.parametrize(("route", "passing"), [("two", 2), ("mixed", 5)])
async def test_several_limits_are_taken_from_all_or_none(
    services: tuple[Served, Served], route: str, passing: int
) -> None:
    found = await ask(services[0], mobile(route, subject()), 12)

    assert found == {200: passing, 429: 12 - passing}
    if route == "mixed":  # of 8 for all, the refused have taken none
        assert await ask(services[1], mobile(route, subject()), 5) == {200: 3, 429: 2}


async def test_a_credential_is_looked_up_on_its_node(services: tuple[Served, Served]) -> None:
    unknown = question("iot", x_api_key=f"ck_abcdefgh_{'A' * 43}")

    assert await ask(services[0], unknown, 1) == {401: 1}


async def test_a_revocation_reaches_every_instance(
    services: tuple[Served, Served], cluster: list[Valkey], tmp_path: Path
) -> None:
    token, user = mobile("free", subject(), jti="j"), subject()
    publish(tmp_path / "policy.json", document(routes=routes()))
    (tmp_path / "token").write_text("a-long-enough-admin-token")
    environment = {
        "POLICY_FILE": str(tmp_path / "policy.json"),
        "STORE_URL": f"redis-cluster://127.0.0.1:{cluster[0].port}",
        "ADMIN_TOKEN_FILE": str(tmp_path / "token"),
    }
    with serving("colonnade_edge.console", tmp_path, environment) as console:
        async with httpx.AsyncClient(
            base_url=console.url, headers={"authorization": "Bearer a-long-enough-admin-token"}
        ) as operator:
            for order in ({"user": user}, {"token_id": "j"}):
                answer = await operator.post("/admin/revocations", json=order)
                assert answer.status_code == 201, answer.text

    deadline = time.monotonic() + 10
    for headers in (token, mobile("free", user)):
        for service in services:
            while await ask(service, headers, 1) != {401: 1}:
                assert time.monotonic() < deadline


async def test_a_node_that_is_away_is_noticed_and_comes_back(
    services: tuple[Served, Served], cluster: list[Valkey]
) -> None:
    consumers = [mobile("one", subject()) for _ in range(30)]
    cluster[2].freeze()
    try:
        statuses = {status for headers in consumers for status in await ask(services[0], headers, 1)}
        assert 503 in statuses
    finally:
        cluster[2].thaw()

    with httpx.Client(base_url=services[0].url, timeout=10, http2=True, http1=False) as edge:
        wait_until(lambda: "colonnade_store_up 1" in edge.get("/metrics").text, "recovery")
    assert await ask(services[0], mobile("one", subject()), 3) == {200: 3}
