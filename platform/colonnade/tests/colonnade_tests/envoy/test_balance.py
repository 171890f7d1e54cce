"""How a real edge spreads requests over the instances of a BFF."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from colonnade.ir.target import Address
from colonnade_tests.envoy.edge import Edge, eventually, running
from colonnade_tests.envoy.instances import CERTAIN, Answer, Client, Fleet, chi_square, client

pytestmark = pytest.mark.xdist_group("balance")

PLATFORM = "name: shop\nedge: {trusted_hops: 1}\nguardrails: {auth: [none], require_limit: false}\n"
BALANCE = {
    "turns": "{policy: round_robin}",
    "weights": "{policy: weighted, weights: [3, 2, 1]}",
    "least": "{policy: least_request}",
    "header": '{policy: hash, key: "header:x-tenant", max_load: 1000%}',
    "bounded": '{policy: hash, key: "header:x-tenant", max_load: 125%}',
    "cookie": '{policy: hash, key: "cookie:seat", ttl: 1h}',
    "address": "{policy: hash, key: ip}",
}


def manifests(**replicas: int) -> dict[str, str]:
    """Each BFF with three instances, or so many as are said."""
    return {
        name: f"kind: mobile\nport: {3000 + number}\nreplicas: {replicas.get(name, 3)}\n"
        f"balance: {balance}\nroute: {{prefix: /api/{name}}}\nauth: {{type: none}}\n"
        "health: {slow_start: 10ms}\n"  # since when one is well does not matter
        for number, (name, balance) in enumerate(BALANCE.items())
    }


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    fleet = Fleet(**dict.fromkeys(BALANCE, 3))
    yield fleet
    fleet.close()


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory, fleet: Fleet) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("balance")
    with running(folder, manifests(), PLATFORM, policy_service=False, endpoints=fleet.endpoints()) as edge:
        eventually(lambda: all(edge.stat(f"cluster.{name}.membership_healthy") == 3 for name in BALANCE))
        with client(edge.target.listen) as one:
            eventually(lambda: all(one.get(f"/api/{name}/").status == 200 for name in BALANCE))
        yield edge


@pytest.fixture
def visitor(edge: Edge) -> Iterator[Client]:
    with client(edge.target.listen) as one:
        yield one


def counts(bff: str, names: list[str]) -> list[int]:
    counted = Counter(names)
    return [counted[f"{bff}-{number}"] for number in (1, 2, 3)]


def test_requests_go_round(visitor: Client) -> None:
    names = [visitor.get("/api/turns/").name for _ in range(90)]

    assert counts("turns", names) == [30, 30, 30]


def test_instances_are_asked_as_often_as_their_weights_say(visitor: Client) -> None:
    names = [visitor.get("/api/weights/").name for _ in range(120)]

    assert chi_square(counts("weights", names), [60, 40, 20]) < 1


def test_idle_instances_are_asked_alike(visitor: Client) -> None:
    names = [visitor.get("/api/least/").name for _ in range(300)]

    assert chi_square(counts("least", names), [100] * 3) < CERTAIN[2]


def test_an_instance_that_is_busy_is_left_to_its_work(visitor: Client, edge: Edge, fleet: Fleet) -> None:
    with held(edge, fleet, "least", 12):
        for instance in fleet.instances["least"][1:]:
            instance.freed.set()
        eventually(lambda: visitor.get("/api/least/").name != "least-1")
        names = [visitor.get("/api/least/").name for _ in range(150)]

    # Of two that are drawn, both are the busy one once in nine times; else it is not asked.
    assert counts("least", names)[0] < 38


@contextmanager
def held(edge: Edge, fleet: Fleet, bff: str, count: int, **headers: str) -> Iterator[list[int]]:
    """So many requests, each begun when the ones before have arrived; yields how many each instance has."""
    instances = fleet.instances[bff]
    before = [sum(instance.asked.values()) for instance in instances]

    def arrived() -> list[int]:
        return [sum(one.asked.values()) - was for one, was in zip(instances, before, strict=True)]

    with ThreadPoolExecutor(count) as pool:
        for number in range(1, count + 1):
            pool.submit(once, edge.target.listen, f"/api/{bff}/held", **headers)
            eventually(lambda number=number: sum(arrived()) == number)
        yield arrived()
        for instance in instances:
            instance.freed.set()
    for instance in instances:
        instance.freed.clear()


def once(edge: Address, path: str, **headers: str) -> Answer:
    with client(edge) as one:
        return one.get(path, **headers)


def seats(visitor: Client, keys: range) -> dict[int, str]:
    """Which instance each key has."""
    return {key: visitor.get("/api/header/", x_tenant=f"tenant-{key}").name for key in keys}


def test_an_instance_that_leaves_moves_its_own_keys_only(edge: Edge, visitor: Client, fleet: Fleet) -> None:
    keys = range(600)
    before = seats(visitor, keys)
    share = Counter(before.values())
    edge.rewrite(PLATFORM, fleet.endpoints(header=1), **manifests(header=2))
    eventually(lambda: "header-3" not in seats(visitor, range(30)).values())
    fewer = seats(visitor, keys)
    edge.rewrite(PLATFORM, fleet.endpoints(), **manifests())
    eventually(lambda: seats(visitor, range(30)) == {key: before[key] for key in range(30)})

    moved = [key for key in keys if fewer[key] != before[key]]
    assert len(moved) / len(keys) < 1.5 / 3
    assert sum(before[key] != "header-3" for key in moved) / len(keys) < 0.01
    assert all(abs(count / 600 - 1 / 3) < 0.1 for count in share.values())
    assert seats(visitor, keys) == before


def test_one_key_does_not_fill_an_instance(edge: Edge, fleet: Fleet) -> None:
    with held(edge, fleet, "bounded", 24, x_tenant="everybody") as bounded:
        assert sum(bounded) == 24
    with held(edge, fleet, "header", 24, x_tenant="everybody") as unbounded:
        assert max(unbounded) == 24

    assert max(bounded) <= 1.25 * 24 / 3 + 1


def test_a_client_keeps_its_seat_by_the_cookie_that_the_edge_gave_it(edge: Edge) -> None:
    kept, seen = [], set()
    for _ in range(12):
        first = once(edge.target.listen, "/api/cookie/")
        assert first.cookie is not None
        cookie = first.cookie.partition(";")[0]
        others = [once(edge.target.listen, "/api/cookie/", cookie=f"a=b; {cookie}") for _ in range(3)]
        kept.append({first.name, *(other.name for other in others)})
        seen.add(first.name)
        assert "Path=/api/cookie" in first.cookie
        assert "HttpOnly" in first.cookie
        assert "SameSite=Lax" in first.cookie
        assert all(other.cookie is None and "cookie" not in other.headers for other in others)

    assert {len(names) for names in kept} == {1}
    assert len(seen) > 1


def test_no_bff_sees_a_cookie_where_one_hashes_it(visitor: Client) -> None:
    answers = [visitor.get(f"/api/{bff}/", cookie="seat=1") for bff in BALANCE]

    assert [200] * len(BALANCE) == [answer.status for answer in answers]
    assert not any("cookie" in answer.headers for answer in answers)


def test_an_address_is_what_the_trusted_proxy_says(visitor: Client) -> None:
    def asked(host: int) -> str:
        return visitor.get("/api/address/", x_forwarded_for=f"8.8.8.8, 192.0.2.{host}").name

    first = [asked(host) for host in range(40)]

    assert first == [asked(host) for host in range(40)]
    assert len(set(first)) == 3
