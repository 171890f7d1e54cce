"""What is tried again, after what, and where."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from colonnade_tests.envoy.edge import Edge, running
from colonnade_tests.envoy.patients import Patient, patients

BFF = """\
kind: web
auth: {type: none}
port: PORT
route: {prefix: /api/NAME}
replicas: 2
balance: {policy: round_robin}
health: {interval: 60s, ejection: {failures: 100}}
breaker: {unhealthy: {failures: 1000}}
routes:
  - {name: none, path: /none, retries: {attempts: 0}}
  - {name: put, path: /put, retries: {methods: [PUT]}}
  - {name: keyed, path: /keyed, retries: {idempotency_key: true}}
  - {name: status, path: /status, retries: {attempts: 2, on: [503]}}
  - {name: try, path: /try, retries: {per_try: 200ms}}
  - {name: hedge, path: /hedge, retries: {hedge: 200ms}}
"""
BFFS = {
    name: BFF.replace("PORT", str(3003 + n)).replace("NAME", name) for n, name in enumerate(["gone", "ill"])
}
BFFS["least"] = (
    BFFS["gone"].replace("3003", "3005").replace("/gone", "/least").replace("round_robin", "least_request")
)
KEY = {"Idempotency-Key": "1"}


@pytest.fixture(scope="module")
def pairs() -> Iterator[dict[str, list[Patient]]]:
    with patients("gone", "left", "ill", "well") as started:
        yield {"gone": started[:2], "ill": started[2:], "least": started[:2]}


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory, pairs: dict[str, list[Patient]]) -> Iterator[Edge]:
    addresses = {name: tuple(one.address for one in pair) for name, pair in pairs.items()}
    folder = tmp_path_factory.mktemp("edge")
    with running(folder, BFFS, policy_service=False, endpoints=addresses) as edge:
        yield edge


@pytest.fixture(scope="module")
def client(edge: Edge) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{edge.url}/api", timeout=10) as client:
        yield client


@pytest.fixture
def pair(pairs: dict[str, list[Patient]]) -> Iterator[list[Patient]]:
    """Two instances, well before and after, that have been asked nothing yet."""
    pair = pairs["ill"]
    for one in pair:
        one.asked.clear()
    yield pair
    for one in pair:
        one.breaking, one.hanging, one.delay = False, False, 0.0


def statuses(client: httpx.Client, method: str, path: str, **headers: str) -> list[int]:
    return [client.request(method, path, headers=headers).status_code for _ in range(10)]


def test_what_could_not_be_sent_is_tried_elsewhere_whatever_its_method(
    client: httpx.Client, pairs: dict[str, list[Patient]]
) -> None:
    gone, left = pairs["gone"]
    gone.stop()

    assert [200] * 10 == statuses(client, "POST", "/gone")
    assert left.asked["POST"] == 10
    assert 503 in statuses(client, "POST", "/gone/none")


def test_who_has_failed_is_not_asked_again_because_it_has_nothing_to_do(
    client: httpx.Client, pairs: dict[str, list[Patient]]
) -> None:
    gone, left = pairs["least"]
    gone.stop()
    left.delay = 0.05

    with ThreadPoolExecutor(8) as pool:
        found = Counter(pool.map(lambda _: client.get("/least").status_code, range(200)))
    left.delay = 0.0

    assert Counter({200: 200}) == found


@pytest.mark.parametrize(
    ("method", "path", "headers", "again"),
    [
        ("GET", "/ill", {}, True),
        ("GET", "/ill/none", {}, False),
        ("POST", "/ill", {}, False),
        ("POST", "/ill", KEY, False),
        ("POST", "/ill/keyed", KEY, True),
        ("POST", "/ill/keyed", {}, False),
        ("PUT", "/ill", {}, False),
        ("PUT", "/ill/put", {}, True),
        ("GET", "/ill/put", {}, False),
    ],
)
def test_what_a_bff_may_have_seen_is_tried_again_only_where_that_does_no_harm(
    client: httpx.Client, pair: list[Patient], method: str, path: str, headers: dict[str, str], *, again: bool
) -> None:
    pair[0].breaking = True

    found = statuses(client, method, path, **headers)

    assert again is (found == [200] * 10)
    assert {200, 503} >= set(found)
    assert sum(one.total for one in pair) > 10 or not again


def test_an_answer_is_an_answer_unless_its_status_is_named(client: httpx.Client, pair: list[Patient]) -> None:
    assert 503 == client.get("/ill?status=503").status_code
    assert 1 == sum(one.total for one in pair)

    assert 503 == client.get("/ill/status?status=503").status_code
    assert 1 + 3 == sum(one.total for one in pair)


def test_a_try_that_takes_too_long_is_ended_and_another_instance_asked(
    client: httpx.Client, pair: list[Patient]
) -> None:
    pair[0].hanging = True

    assert [200] * 10 == statuses(client, "GET", "/ill/try")
    assert pair[0].total > 0


def test_a_hedge_runs_beside_the_first_try_and_the_first_answer_counts(
    client: httpx.Client, pair: list[Patient]
) -> None:
    """Each is slower than the hedge is patient: a try that were ended then would bring nothing."""
    for one in pair:
        one.delay = 0.6

    assert 200 == client.get("/ill/hedge").status_code
    assert [1, 1] == [one.total for one in pair]
    assert 504 == client.get("/ill/try").status_code


@pytest.mark.parametrize("path", ["/ill/hedge", "/ill/try"])
def test_a_request_that_is_not_tried_again_has_all_the_time_there_is(
    client: httpx.Client, pair: list[Patient], path: str
) -> None:
    for one in pair:
        one.delay = 0.6

    assert 200 == client.post(path).status_code
    assert 1 == sum(one.total for one in pair)
