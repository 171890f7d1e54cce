"""A BFF that fails again and again is left alone, and found out when it is well."""

import re
from collections.abc import Iterator

import httpx
import pytest

from colonnade_tests.envoy.edge import Edge, eventually, running

TV = """\
kind: mobile
port: 3003
route: {prefix: /api/tv, timeouts: {read: 1s}, retries: {attempts: 0}}
auth: {type: none}
breaker: {first_pause: 60s}
routes:
  - {name: brief, path: /brief, breaker: {first_pause: 200ms}}
  - {name: ill, path: /ill, breaker: {first_pause: 200ms}}
  - {name: calm, path: /calm}
  - {name: strict, path: /strict, breaker: {unhealthy: {statuses: [500], failures: 2}, first_pause: 60s}}
  - {name: late, path: /hang, breaker: {unhealthy: {failures: 1}, first_pause: 60s}}
"""


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running(tmp_path_factory.mktemp("edge"), {"tv": TV}, policy_service=False) as edge:
        yield edge


@pytest.fixture(scope="module")
def client(edge: Edge) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{edge.url}/api/tv", timeout=10) as client:
        yield client


def events(edge: Edge, route: str) -> dict[str, int]:
    """What the edge has counted of the breaker of `route`."""
    text = httpx.get(f"{edge.target.admin.url}/stats?filter=breaker.events").text
    counted = re.findall(rf"^breaker\.events\.route\.{route}\.event\.(\w+): (\d+)$", text, re.MULTILINE)
    return {event: int(count) for event, count in counted}


def test_three_failures_in_a_row_and_the_bff_is_asked_no_more(edge: Edge, client: httpx.Client) -> None:
    edge.backend.failures = 100
    failed = [client.get("/flaky") for _ in range(3)]
    refused = [client.get("/flaky") for _ in range(3)]
    asked, edge.backend.failures = 100 - edge.backend.failures, 0

    assert [503] * 6 == [answer.status_code for answer in (*failed, *refused)]
    assert 3 == asked
    assert all(1 < int(answer.headers["retry-after"]) <= 60 for answer in refused)
    assert "application/problem+json" == refused[0].headers["content-type"]
    assert refused[0].json() == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "The backend for this front end failed repeatedly and is left alone; "
        "Retry-After says for how long.",
        "request_id": refused[0].headers["x-request-id"],
    }
    assert not [name for answer in (*failed, *refused) for name in answer.headers if "colonnade" in name]
    assert {"opened": 1, "refused": 3} == events(edge, "tv")


def test_a_bff_that_is_well_again_is_used_again(edge: Edge, client: httpx.Client) -> None:
    edge.backend.failures = 3
    for _ in range(3):
        client.get("/brief/flaky")
    eventually(lambda: client.get("/brief/flaky").status_code == 200)
    eventually(lambda: events(edge, "tv.brief").get("closed") == 1 or not client.get("/brief/flaky"))

    assert 1 == events(edge, "tv.brief")["opened"]
    assert events(edge, "tv.brief")["probed"] >= 1


def test_a_bff_that_stays_ill_is_left_alone_for_longer_and_longer(edge: Edge, client: httpx.Client) -> None:
    edge.backend.failures = 100
    eventually(lambda: int(client.get("/ill/flaky").headers.get("retry-after", 1)) > 1, within=20)
    edge.backend.failures = 0

    assert events(edge, "tv.ill")["opened"] >= 4


def test_a_route_is_left_alone_without_its_neighbours(client: httpx.Client) -> None:
    for _ in range(2):
        client.get("/strict?status=500")

    assert 503 == client.get("/strict").status_code
    assert 200 == client.get("/calm").status_code


def test_what_the_edge_notes_for_itself_stays_there(edge: Edge) -> None:
    """No breaker stands before the pages of the policy service, which is not running."""
    answer = edge.get("/auth/session")

    assert 503 == answer.status_code
    assert not [name for name in answer.headers if "colonnade" in name]


def test_an_answer_that_does_not_come_is_a_failure(client: httpx.Client) -> None:
    assert 504 == client.get("/hang").status_code
    assert 503 == client.get("/hang").status_code


@pytest.mark.parametrize("status", [404, 500])
def test_an_answer_is_a_failure_only_where_its_status_is_named(client: httpx.Client, status: int) -> None:
    answers = [client.get(f"/calm?status={status}").status_code for _ in range(5)]

    assert [status] * 5 == answers
