"""Limits as a client sees them."""

import asyncio
import re
from collections import Counter
from pathlib import Path

import httpx
import pytest

from colonnade_edge_tests.documents import mobile, question, subject
from colonnade_edge_tests.processes import Served, Valkey, serving


async def test_each_answer_says_what_is_left(envoy: httpx.AsyncClient) -> None:
    """100 an hour, 5 at once: an empty bucket fills in 180 s, a token takes 36 s."""
    answer = await envoy.get("/check/", headers=mobile("mobile", subject()))

    assert answer.headers["x-ratelimit-limit"] == "5"
    assert answer.headers["x-ratelimit-remaining"] == "4"
    assert answer.headers["x-ratelimit-reset"] == "36"
    assert answer.headers["ratelimit"] == '"per-consumer";r=4;t=36'
    assert answer.headers["ratelimit-policy"] == '"per-consumer";q=5;w=180'


async def test_a_used_up_limit_is_named(envoy: httpx.AsyncClient) -> None:
    headers = mobile("mobile", subject())
    passed = [(await envoy.get("/check/", headers=headers)).status_code for _ in range(5)]

    refused = await envoy.get("/check/", headers=headers)

    assert passed == [200] * 5
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] in {"35", "36"}
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert refused.json()["limit"] == "per-consumer"
    assert refused.json()["status"] == 429


async def test_consumers_do_not_share_a_bucket(envoy: httpx.AsyncClient) -> None:
    first, second = mobile("mobile", subject()), mobile("mobile", subject())
    for _ in range(6):
        last = await envoy.get("/check/", headers=first)

    assert last.status_code == 429
    assert (await envoy.get("/check/", headers=second)).status_code == 200


async def test_a_refused_request_takes_from_none_of_its_limits(envoy: httpx.AsyncClient) -> None:
    """Two at once for each consumer, nine for the route: one greedy consumer does not starve the others."""
    greedy = mobile("two", subject())
    statuses = [(await envoy.get("/check/", headers=greedy)).status_code for _ in range(6)]

    other = await envoy.get("/check/", headers=mobile("two", subject()))

    assert statuses == [200, 200, 429, 429, 429, 429]
    assert other.headers["ratelimit"].startswith('"narrow";r=1;t=')
    assert ', "wide";r=6;t=' in other.headers["ratelimit"]
    assert other.headers["ratelimit-policy"] == '"narrow";q=2;w=72, "wide";q=9;w=324'
    assert other.headers["x-ratelimit-limit"] == "2"


async def test_a_key_of_several_parts_tells_all_of_them_apart(envoy: httpx.AsyncClient) -> None:
    def ask(path: str, tenant: str, address: str) -> dict[str, str]:
        return {"url": f"/check{path}", "tenant": tenant, "address": address}

    asked = [
        ask("/a", "t", "10.0.0.1"),
        ask("/a", "t", "10.0.0.1"),
        ask("/b", "t", "10.0.0.1"),
        ask("/a", "u", "10.0.0.1"),
        ask("/a", "t", "10.0.0.2"),
        ask("/a" + "x" * 4000, "t", "10.0.0.1"),
        ask("/a" + "x" * 4000, "t", "10.0.0.1"),
    ]
    statuses = [
        (
            await envoy.get(
                one["url"], headers=question("parts", x_tenant=one["tenant"], x_colonnade_ip=one["address"])
            )
        ).status_code
        for one in asked
    ]

    assert statuses == [200, 429, 200, 200, 200, 200, 429]


async def test_a_limit_is_exact_across_instances(
    policy: Served, store: Valkey, policy_file: Path, tmp_path: Path
) -> None:
    """1,200 requests at once through two instances: exactly as many pass as the bucket held.

    Where the machine stalls, the store is away for a moment, and such requests are refused.
    """
    environment = {"POLICY_FILE": str(policy_file), "STORE_URL": store.url}
    with serving("colonnade_edge", tmp_path, environment) as second:
        async with (
            httpx.AsyncClient(base_url=policy.url, http1=False, http2=True, timeout=30) as one,
            httpx.AsyncClient(base_url=second.url, http1=False, http2=True, timeout=30) as two,
        ):
            for _ in range(5):
                headers = mobile("busy", subject())
                asked = [client.get("/check/", headers=headers) for client in (one, two) for _ in range(600)]
                statuses = Counter(answer.status_code for answer in await asyncio.gather(*asked))

                # While they run, the bucket earns 100 tokens an hour: one in 36 s.
                assert statuses[200] <= 501
                if statuses[200] + statuses[429] == 1200:
                    assert statuses[200] >= 500
                    return
    pytest.fail(f"the store did not answer in any run: {statuses}")


async def test_checks_of_one_tick_share_a_trip(envoy: httpx.AsyncClient) -> None:
    async def trips() -> tuple[int, int]:
        text = (await envoy.get("/metrics")).text
        found = re.findall(r"colonnade_store_batch_questions_(?:sum|count) (\d+)", text)
        return int(found[0]), int(found[1])

    questions_before, trips_before = await trips()
    headers = mobile("busy", subject())
    await asyncio.gather(*(envoy.get("/check/", headers=headers) for _ in range(200)))
    questions, count = await trips()

    assert questions - questions_before == 200
    assert count - trips_before < 200
