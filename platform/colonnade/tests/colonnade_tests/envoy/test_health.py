"""An instance that is ill is left out, and one that is well again is used again."""

from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from colonnade_tests.envoy.edge import Edge, eventually, running
from colonnade_tests.envoy.patients import Patient, patients

BFF = """\
kind: mobile
auth: {{type: none}}
port: {port}
route: {{prefix: /api/{name}, retries: {{attempts: {attempts}}}}}
balance: {{policy: round_robin}}
health: {health}
"""
SPARE = "{interval: 100ms, slow_start: 10ms}"
SLOWLY = "{interval: 100ms, slow_start: 4s}"
EJECTED = "{interval: 100ms, slow_start: 10ms, ejection: {failures: 3, pause: 60s}}"


def bff(name: str, port: int, health: str, attempts: int = 1) -> str:
    return BFF.format(name=name, port=port, health=health, attempts=attempts)


BFFS = {
    "checked": bff("checked", 3003, SPARE, attempts=0),
    "elsewhere": bff("elsewhere", 3004, "{interval: 100ms, path: /ready}"),
    "alone": bff("alone", 3005, SPARE),
    "broken": bff("broken", 3006, EJECTED),
    "slowly": bff("slowly", 3007, SLOWLY),
}


@pytest.fixture(scope="module")
def all_of_them() -> Iterator[dict[str, list[Patient]]]:
    names = [f"{name}-{number}" for name in BFFS for number in (1, 2)]
    with patients(*names) as started:
        yield {name: started[index * 2 : index * 2 + 2] for index, name in enumerate(BFFS)}


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory, all_of_them: dict[str, list[Patient]]) -> Iterator[Edge]:
    addresses = {name: tuple(one.address for one in pair) for name, pair in all_of_them.items()}
    addresses["alone"] = addresses["alone"][:1]
    folder = tmp_path_factory.mktemp("edge")
    with running(folder, BFFS, policy_service=False, endpoints=addresses) as edge:
        yield edge


@pytest.fixture(scope="module")
def client(edge: Edge) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{edge.url}/api", timeout=10) as client:
        yield client


def names(client: httpx.Client, path: str, times: int) -> Counter[str]:
    """Which instances answered so many requests."""
    return Counter(client.get(path).text for _ in range(times))


def test_an_instance_that_says_it_is_not_well_is_asked_no_more_until_it_is(
    client: httpx.Client, all_of_them: dict[str, list[Patient]]
) -> None:
    one, _other = all_of_them["checked"]

    assert set(names(client, "/checked", 10)) == {"checked-1", "checked-2"}
    one.well = False
    eventually(lambda: set(names(client, "/checked", 10)) == {"checked-2"})
    one.well = True
    eventually(lambda: set(names(client, "/checked", 10)) == {"checked-1", "checked-2"})


def test_an_instance_is_checked_where_the_manifest_says(
    client: httpx.Client, all_of_them: dict[str, list[Patient]]
) -> None:
    one, _other = all_of_them["elsewhere"]
    client.get("/elsewhere")

    assert {"/ready"} == set(one.checked)


def test_where_none_is_well_the_edge_refuses_at_once_and_none_is_left_alone_after(
    edge: Edge, client: httpx.Client, all_of_them: dict[str, list[Patient]]
) -> None:
    """An open breaker would refuse for two seconds, after each failing probe for twice as long."""
    one = all_of_them["alone"][0]
    one.well = False
    eventually(lambda: client.get("/alone").status_code == 503)
    asked = one.total
    refused = [client.get("/alone") for _ in range(10)]
    one.well = True

    assert {503} == {answer.status_code for answer in refused}
    assert "1" == refused[0].headers["retry-after"]
    assert "application/problem+json" == refused[0].headers["content-type"]
    assert asked == one.total
    eventually(lambda: client.get("/alone").status_code == 200)
    assert not edge.stat("breaker.events.route.alone.event.opened")


def test_an_instance_that_fails_while_it_says_that_it_is_well_is_ejected(
    client: httpx.Client, all_of_them: dict[str, list[Patient]]
) -> None:
    one, other = all_of_them["broken"]
    statuses = [client.get("/broken?status=503").status_code for _ in range(20)]
    assert [503] * 20 == statuses
    assert min(one.total, other.total) > 5
    one.breaking, one.asked = True, Counter()
    answered = names(client, "/broken", 60)
    one.breaking = False
    later = names(client, "/broken", 30)

    assert {"broken-2": 60} == answered
    assert one.asked["GET"] < 10
    assert {"broken-2": 30} == later


def test_an_instance_that_comes_back_gets_its_share_slowly(
    client: httpx.Client, all_of_them: dict[str, list[Patient]]
) -> None:
    """All requests on the way to its share count: about 0.3 of them, whatever the pace, and 0.5 at once."""
    one, other = all_of_them["slowly"]
    one.well = False
    eventually(lambda: other.checked["/healthz"] > 40)  # ten a second: it has its own start behind it
    eventually(lambda: set(names(client, "/slowly", 10)) == {"slowly-2"})
    one.well = True
    eventually(lambda: "slowly-1" in names(client, "/slowly", 5))
    shares: list[float] = []
    while not shares or shares[-1] < 0.45:
        shares.append(names(client, "/slowly", 40)["slowly-1"] / 40)

    assert sum(shares) / len(shares) < 0.42
