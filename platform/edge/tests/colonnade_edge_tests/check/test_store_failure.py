"""The store dies, freezes, is restarted, and comes back."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from colonnade_edge.authn.api_key import new_key
from colonnade_edge.store.connect import ANSWER_WITHIN_S
from colonnade_edge.store.hold import MOST_S
from colonnade_edge_tests.documents import document, mobile, publish, question, subject
from colonnade_edge_tests.processes import Valkey, free_port, serving, valkey, wait_until

HALF_A_HOLD_S = MOST_S / 2
TOKEN = {"HOLD_TOKEN": "the-hold-token"}
ANNOUNCED = {"Authorization": "Bearer the-hold-token"}


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Valkey]:
    with valkey(tmp_path) as running:
        yield running


@pytest.fixture
async def edge(mortal: Valkey, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    publish(tmp_path / "policy.json", document())
    environment = {"POLICY_FILE": str(tmp_path / "policy.json"), "STORE_URL": mortal.url, **TOKEN}
    with serving("colonnade_edge", tmp_path, environment) as service:
        async with httpx.AsyncClient(base_url=service.url, http1=False, http2=True, timeout=10) as client:
            yield client


async def statuses(edge: httpx.AsyncClient, route: str, count: int = 4) -> list[int]:
    headers = mobile(route, subject())
    return [(await edge.get("/check/", headers=headers)).status_code for _ in range(count)]


async def recovered(edge: httpx.AsyncClient) -> None:
    """Wait until the route that fails closed passes again."""
    headers = mobile("deny", subject())
    with httpx.Client(base_url=edge.base_url, timeout=10) as client:
        wait_until(lambda: client.get("/check/", headers=headers).status_code != 503, "recovery")


@pytest.mark.parametrize("failure", ["killed", "frozen", "slow"])
async def test_each_limit_fails_as_it_says(edge: httpx.AsyncClient, mortal: Valkey, failure: str) -> None:
    """Two at once: `allow` lets all pass, `deny` none, `local` counts by itself."""
    assert await statuses(edge, "allow") == [200, 200, 429, 429]
    if failure == "killed":
        mortal.process.kill()
        mortal.process.wait()
    elif failure == "frozen":
        mortal.freeze()
    else:
        with mortal.client() as client:
            client.client_pause(10_000)  # it answers, ten seconds late

    assert await statuses(edge, "allow") == [200, 200, 200, 200]
    assert await statuses(edge, "deny") == [503, 503, 503, 503]
    assert await statuses(edge, "local") == [200, 200, 429, 429]


async def test_a_store_that_is_away_costs_one_request_its_time_and_is_told(
    edge: httpx.AsyncClient, mortal: Valkey
) -> None:
    """The alarm: `colonnade_store_up` is 0, and each limit counts what it could not count."""
    mortal.freeze()
    await statuses(edge, "allow", 5)

    text = (await edge.get("/metrics")).text

    assert "colonnade_store_up 0" in text
    assert 'colonnade_limit_store_errors_total{limit="f.allow"} 5' in text


async def test_a_credential_is_never_believed_without_the_store(
    edge: httpx.AsyncClient, mortal: Valkey
) -> None:
    mortal.freeze()

    answer = await edge.get("/check/", headers=question("iot", x_api_key=new_key()[1]))

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"


async def test_a_store_known_to_be_away_is_not_asked(edge: httpx.AsyncClient, mortal: Valkey) -> None:
    mortal.freeze()
    await statuses(edge, "allow", 1)
    before = (await edge.get("/metrics")).text
    await statuses(edge, "allow", 50)
    after = (await edge.get("/metrics")).text

    def batches(text: str) -> str:
        return next(
            line for line in text.splitlines() if line.startswith("colonnade_store_batch_questions_count")
        )

    assert batches(before) == batches(after)


async def test_a_frozen_store_that_thaws_counts_again(edge: httpx.AsyncClient, mortal: Valkey) -> None:
    mortal.freeze()
    assert await statuses(edge, "deny", 1) == [503]
    mortal.thaw()

    await recovered(edge)

    assert await statuses(edge, "allow") == [200, 200, 429, 429]


async def test_a_store_that_lost_everything_counts_again(
    edge: httpx.AsyncClient, mortal: Valkey, tmp_path: Path
) -> None:
    """Restarted empty, it knows neither buckets nor the script."""
    mortal.process.kill()
    mortal.process.wait()
    assert await statuses(edge, "deny", 1) == [503]

    with valkey(tmp_path, mortal.port):
        await recovered(edge)

        assert await statuses(edge, "allow") == [200, 200, 429, 429]


async def test_a_store_that_is_restarted_on_purpose_fails_nobody_and_forgets_nothing(tmp_path: Path) -> None:
    """Whoever restarts it says so before: questions wait for it, those of pages too.

    They do for a second and a half, and a busy machine may take longer to start it: that proves nothing.
    """
    publish(tmp_path / "policy.json", document())
    for number in range(10):
        folder = tmp_path / str(number)
        folder.mkdir()
        if await restarted_in_time(folder, tmp_path / "policy.json"):
            return
    pytest.fail(f"no restart took less than {HALF_A_HOLD_S} s")


async def restarted_in_time(folder: Path, policy: Path) -> bool:
    """Restart a store; return whether it was back long before questions cease to wait, and none failed."""
    alice = mobile("deny", subject())
    with ExitStack() as running:
        store = running.enter_context(valkey(folder, kept=True))
        environment = {"POLICY_FILE": str(policy), "STORE_URL": store.url, **TOKEN}
        service = running.enter_context(serving("colonnade_edge", folder, environment))
        async with httpx.AsyncClient(base_url=service.url, http1=False, http2=True, timeout=10) as edge:
            before = (await edge.get("/check/", headers=alice)).status_code
            began = time.monotonic()
            held = await edge.post("/hold", headers=ANNOUNCED)
            store.process.terminate()
            store.process.wait()
            asked = [asyncio.create_task(edge.get("/check/", headers=alice)) for _ in range(2)]
            asked.append(asyncio.create_task(edge.get("/auth/session", headers={"cookie": "colonnade=x"})))
            await asyncio.to_thread(running.enter_context, valkey(folder, store.port, kept=True))
            took = time.monotonic() - began - ANSWER_WITHIN_S
            after = [(await answer).status_code for answer in asked]
            counted = (await edge.get("/metrics")).text

    if took > HALF_A_HOLD_S:
        return False
    assert (before, held.status_code) == (200, 200)
    assert sorted(after[:2]) == [200, 429]
    assert after[2] == 401
    assert "colonnade_store_errors_total 0" in counted
    return True


async def test_only_who_has_the_token_can_announce_a_restart(edge: httpx.AsyncClient, tmp_path: Path) -> None:
    """Nobody, where there is none."""
    shown = ("", "Bearer", "Bearer the-hold", "the-hold-token")
    refused = [await edge.post("/hold", headers={"Authorization": text}) for text in shown]
    environment = {"POLICY_FILE": str(tmp_path / "policy.json"), "STORE_URL": "redis://127.0.0.1:1/0"}
    with serving("colonnade_edge", tmp_path, environment) as service:
        async with httpx.AsyncClient(base_url=service.url) as client:
            nobody = await client.post("/hold", headers={"Authorization": "Bearer"})

    assert [answer.status_code for answer in refused] == [401] * 4
    assert refused[0].headers["content-type"] == "application/problem+json"
    assert nobody.status_code == 404


async def test_nobody_waits_for_long_for_a_store_that_does_not_come_back(
    edge: httpx.AsyncClient, mortal: Valkey
) -> None:
    await edge.post("/hold", headers=ANNOUNCED)
    mortal.process.kill()

    assert await statuses(edge, "deny", 1) == [503]
    assert await statuses(edge, "allow") == [200] * 4


async def test_a_flushed_script_is_loaded_again(edge: httpx.AsyncClient, mortal: Valkey) -> None:
    with mortal.client() as client:
        client.script_flush()
    await statuses(edge, "allow", 1)

    await recovered(edge)

    assert await statuses(edge, "deny") == [200, 200, 429, 429]


async def test_the_service_starts_without_a_store(tmp_path: Path) -> None:
    publish(tmp_path / "policy.json", document())
    port = free_port()
    environment = {"POLICY_FILE": str(tmp_path / "policy.json"), "STORE_URL": f"redis://127.0.0.1:{port}/0"}
    with ExitStack() as running:
        service = running.enter_context(serving("colonnade_edge", tmp_path, environment))
        async with httpx.AsyncClient(base_url=service.url, http1=False, http2=True, timeout=10) as edge:
            assert await statuses(edge, "deny", 1) == [503]
            running.enter_context(valkey(tmp_path, port))

            await recovered(edge)

            assert await statuses(edge, "deny") == [200, 200, 429, 429]
