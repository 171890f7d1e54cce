"""Each algorithm and each option of a limit, as a client sees it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from colonnade_edge_tests.documents import document, mobile, publish, subject
from colonnade_edge_tests.processes import Served, Valkey, serving
from colonnade_policy import Limit, Route, Tier
from colonnade_policy.limits import Rule

HOUR_US = 3_600_000_000
THREE_AN_HOUR = Rule("fixed_window", 3, HOUR_US)


def limit(label: str, rule: Rule, **changes: object) -> Limit:
    fields: dict[str, object] = {
        "name": f"kinds.{label}",
        "label": label,
        "rule": rule,
        "key": ("consumer",),
        "policy": "store",
        "on_store_failure": "allow",
        **changes,
    }
    return Limit(**fields)  # type: ignore[arg-type]


def routes() -> dict[str, Route]:
    algorithms = {
        "fixed": THREE_AN_HOUR,
        "log": Rule("sliding_window_log", 3, HOUR_US),
        "counter": Rule("sliding_window_counter", 3, HOUR_US),
        "bucket": Rule("token_bucket", 3, HOUR_US, 3),
        "queue": Rule("leaky_bucket", 2, 1_000_000, 2, 2_000_000),
        "impatient": Rule("leaky_bucket", 1, HOUR_US, 5, 1_000_000),
    }
    tiers = (Tier("gold", Rule("fixed_window", 6, HOUR_US)), Tier("silver", Rule("fixed_window", 4, HOUR_US)))
    exempt = ("group:admin", "consumer:user:root", "ip:10.1.0.0/16")
    one_each = {
        **{name: limit(name, rule) for name, rule in algorithms.items()},
        "alone": limit("alone", THREE_AN_HOUR, policy="local"),
        "shared": limit("shared", Rule("fixed_window", 6, HOUR_US), policy="cluster"),
        "tiered": limit("tiered", THREE_AN_HOUR, tiers=tiers),
        "exempting": limit("exempting", THREE_AN_HOUR, exempt=exempt),
        "metered": limit("metered", THREE_AN_HOUR),
        "watching": limit("watching", THREE_AN_HOUR, shadow=True),
    }
    found = {name: Route("mobile", "jwt", (), (one,)) for name, one in one_each.items()}
    found["both"] = Route(
        "mobile",
        "jwt",
        (),
        (one_each["fixed"], limit("shadow", Rule("fixed_window", 1, HOUR_US), shadow=True)),
    )
    found["costly"] = Route("mobile", "jwt", (), (limit("costly", Rule("fixed_window", 5, HOUR_US)),), 2)
    found["query"] = Route("mobile", "jwt", (), (limit("query", Rule("fixed_window", 9, HOUR_US)),), None)
    return found


@pytest.fixture(scope="module")
def service(store: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("kinds")
    publish(folder / "policy.json", document(routes=routes()))
    environment = {"POLICY_FILE": str(folder / "policy.json"), "STORE_URL": store.url}
    with serving("colonnade_edge", folder, environment) as served:
        yield served


@pytest.fixture
async def edge(service: Served) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=service.url, http1=False, http2=True, timeout=10) as client:
        yield client


async def ask(edge: httpx.AsyncClient, route: str, sub: str, count: int, **claims: object) -> list[int]:
    headers = mobile(route, sub, **claims)
    return [(await edge.get("/check/", headers=headers)).status_code for _ in range(count)]


@pytest.mark.parametrize("route", ["fixed", "log", "counter", "bucket", "alone", "exempting", "tiered"])
async def test_three_pass(edge: httpx.AsyncClient, route: str) -> None:
    assert await ask(edge, route, subject(), 5) == [200, 200, 200, 429, 429]


async def test_who_finds_a_queue_waits_its_turn_and_the_rest_is_refused_at_once(
    edge: httpx.AsyncClient,
) -> None:
    """Two a second, two may wait: of five at once the third leaves the queue after a second."""
    headers = mobile("queue", subject())

    async def timed() -> tuple[int, float]:
        began = time.monotonic()
        answer = await edge.get("/check/", headers=headers)
        return answer.status_code, time.monotonic() - began

    answers = sorted(await asyncio.gather(*(timed() for _ in range(5))), key=lambda one: (one[0], one[1]))

    assert [status for status, _ in answers] == [200, 200, 200, 429, 429]
    assert answers[1][1] >= 0.49
    assert answers[2][1] >= 0.99


async def test_who_would_wait_too_long_is_refused_at_once(edge: httpx.AsyncClient) -> None:
    assert await ask(edge, "impatient", subject(), 2) == [200, 429]


async def test_a_shared_limit_is_whole_where_one_edge_is_alone(edge: httpx.AsyncClient) -> None:
    assert await ask(edge, "shared", subject(), 7) == [200] * 6 + [429]


@pytest.mark.parametrize(
    ("roles", "passing"), [(["gold"], 6), (["silver"], 4), (["silver", "gold"], 6), (["lead"], 3), ([], 3)]
)
async def test_the_first_tier_of_a_consumers_groups_counts(
    edge: httpx.AsyncClient, roles: list[str], passing: int
) -> None:
    assert (await ask(edge, "tiered", subject(), 8, roles=roles)).count(200) == passing


async def test_headers_speak_of_the_tier(edge: httpx.AsyncClient) -> None:
    answer = await edge.get("/check/", headers=mobile("tiered", subject(), roles=["gold"]))

    assert answer.headers["ratelimit-policy"] == '"tiered";q=6;w=3600'
    assert answer.headers["x-ratelimit-remaining"] == "5"


async def test_who_is_exempt_is_not_counted(edge: httpx.AsyncClient) -> None:
    assert await ask(edge, "exempting", subject(), 5, roles=["admin"]) == [200] * 5
    assert await ask(edge, "exempting", "root", 5) == [200] * 5
    inside = mobile("exempting", subject()) | {"x-colonnade-ip": "10.1.2.3"}
    answers = [await edge.get("/check/", headers=inside) for _ in range(5)]

    assert {answer.status_code for answer in answers} == {200}
    assert "x-ratelimit-limit" not in answers[0].headers


async def test_a_shadow_counts_and_refuses_nobody(edge: httpx.AsyncClient) -> None:
    assert await ask(edge, "watching", subject(), 5) == [200] * 5

    text = (await edge.get("/metrics")).text
    assert 'colonnade_limit_requests_total{limit="kinds.watching",outcome="allowed"} 3' in text
    assert 'colonnade_limit_requests_total{limit="kinds.watching",outcome="shadowed"} 2' in text


async def test_a_shadow_is_not_mentioned(edge: httpx.AsyncClient) -> None:
    answer = await edge.get("/check/", headers=mobile("both", subject()))

    assert answer.headers["ratelimit-policy"] == '"fixed";q=3;w=3600'
    assert answer.headers["ratelimit"].startswith('"fixed";r=2;t=')


async def test_a_route_may_cost_more_than_one(edge: httpx.AsyncClient) -> None:
    """Five an hour at two each: two pass, and what is left is one."""
    sub = subject()

    assert await ask(edge, "costly", sub, 3) == [200, 200, 429]
    refused = await edge.get("/check/", headers=mobile("costly", sub))
    assert refused.headers["x-ratelimit-remaining"] == "1"


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        ("{ me { id } }", 1),
        ("{ products(first: 100) { name } }", 1),
        ("{ products(first: 101) { name } }", 2),
        ("query ($n: Int) { products(first: $n) { name } }", 3),
        ("query ($m: Int = 250) { products(first: $m) { name } }", 3),
        ("{ a: products(first: 10) { ...P } } fragment P on Product { reviews(first: 30) { text } }", 4),
        ("query A { me { id } } query B { products(first: 500) { name } }", 5),
        ("{ not a query", 1),
    ],
)
async def test_a_query_costs_what_it_asks_for(edge: httpx.AsyncClient, query: str, cost: int) -> None:
    body = json.dumps({"query": query, "variables": {"n": 300}, "operationName": "B"})

    answer = await edge.post("/check/graphql", content=body, headers=mobile("query", subject()))

    assert answer.headers["x-ratelimit-remaining"] == str(9 - cost)


def doubled(depth: int) -> str:
    """A query whose fragments spread each other twice: 2 to the `depth` fields."""
    chain = (f"fragment F{n} on T {{ a {{ ...F{n + 1} }} b {{ ...F{n + 1} }} }}" for n in range(depth))
    return " ".join(["{ a { ...F0 } }", *chain, f"fragment F{depth} on T {{ a {{ b }} }}"])


@pytest.mark.parametrize(
    "body",
    [
        {"query": doubled(40)},
        [{"query": "{ me { id } }"}] * 21,
        {"query": f"{{ a(first: {'9' * 5000}) {{ id }} }}"},
    ],
    ids=["fragments that double", "a long batch", "a long number"],
)
async def test_a_query_that_nobody_can_count_costs_all(edge: httpx.AsyncClient, body: object) -> None:
    answer = await edge.post("/check/graphql", json=body, headers=mobile("query", subject()))

    assert answer.status_code == 429


async def test_a_body_that_is_no_text_costs_one(edge: httpx.AsyncClient) -> None:
    answer = await edge.post(
        "/check/graphql", content=b'{"query": "\xff"}', headers=mobile("query", subject())
    )

    assert answer.headers["x-ratelimit-remaining"] == "8"


async def test_a_query_is_not_read_for_who_may_not_send_it(service: Served) -> None:
    headers = "X-Colonnade-Route: query\r\nContent-Length: 1000\r\n"
    address = httpx.URL(service.url)

    reader, writer = await asyncio.open_connection(address.host, address.port)
    try:
        # Not a byte of the body is sent: whoever waits for it does not answer.
        writer.write(f"POST /check/graphql HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())
        answer = await asyncio.wait_for(reader.readline(), 10)
    finally:
        writer.close()

    assert answer.startswith(b"HTTP/1.1 401")


async def test_each_limit_has_counters_and_no_consumer_has(edge: httpx.AsyncClient) -> None:
    sub = subject()
    await ask(edge, "metered", sub, 5)

    text = (await edge.get("/metrics")).text

    assert 'colonnade_limit_requests_total{limit="kinds.metered",outcome="allowed"} 3' in text
    assert 'colonnade_limit_requests_total{limit="kinds.metered",outcome="refused"} 2' in text
    assert "colonnade_store_up 1" in text
    assert sub not in text
