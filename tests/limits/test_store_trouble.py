"""Valkey is killed, frozen and slowed under load: each limit fails as it says, and recovers by itself."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator

import httpx
import pytest
import redis

from tests.limits.hammer import Answer, hammer
from tests.limits.manifests import with_limits
from tests.platform_folder import Stack, eventually, make_platform

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("limits")]

LIMITS = {
    "open": "rate: 900/second, burst: 900, on_store_failure: allow",
    "closed": "rate: 900/second, burst: 900, on_store_failure: deny",
    "alone": "rate: 900/second, burst: 900, on_store_failure: local",
    "few": "algorithm: fixed_window, rate: 5/hour",
}
TROUBLE_S = 1.5


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = make_platform(tmp_path_factory.mktemp("trouble") / "platform")
    with_limits(folder, LIMITS, replicas=2)
    stack = Stack(folder).up()
    yield stack
    stack.down()


async def kill(stack: Stack) -> None:
    """The runner starts it again."""
    os.kill(stack.pid("valkey"), signal.SIGKILL)


async def freeze(stack: Stack) -> None:
    pid = stack.pid("valkey")
    os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(TROUBLE_S)
    os.kill(pid, signal.SIGCONT)


async def slow(stack: Stack) -> None:
    """Each command is answered 50 ms late: slower than is good, and not away."""
    url = httpx.URL(stack.url("valkey"))
    client = redis.asyncio.Redis(port=url.port or 0, protocol=2)
    for _ in range(int(TROUBLE_S / 0.05)):
        await client.client_pause(45)
        await asyncio.sleep(0.05)
    await client.aclose()


async def under_load(stack: Stack, trouble: Callable[[Stack], Awaitable[None]]) -> dict[str, list[Answer]]:
    async def later() -> None:
        await asyncio.sleep(0.5)
        await trouble(stack)

    names = ("open", "closed", "alone")
    loads = [hammer(f"{stack.edge}/api/mobile/{name}", for_s=TROUBLE_S + 2, per_second=40) for name in names]
    *found, _ = await asyncio.gather(*loads, later())
    return dict(zip(names, found, strict=True))  # type: ignore[arg-type]  # the last one is left out


@pytest.mark.parametrize("trouble", [kill, freeze, slow])
def test_each_limit_fails_as_it_says_and_recovers(
    stack: Stack, trouble: Callable[[Stack], Awaitable[None]]
) -> None:
    found = asyncio.run(under_load(stack, trouble))

    statuses = {name: {answer.status for answer in answers} for name, answers in found.items()}
    assert statuses["open"] == statuses["alone"] == {200}
    assert statuses["closed"] <= {200, 503}
    if trouble is freeze:
        assert 503 in statuses["closed"]
    with stack.client() as client:
        eventually(lambda: client.get("/api/mobile/closed").status_code == 200)


def test_what_was_counted_before_the_store_died_is_counted_after(stack: Stack) -> None:
    """The platform's own Valkey writes each second to disk what it must not forget."""
    with stack.client() as client:
        before = [client.get("/api/mobile/few").status_code for _ in range(3)]
        assert before == [200] * 3
        eventually(lambda: _on_disk(stack))
        os.kill(stack.pid("valkey"), signal.SIGKILL)
        eventually(lambda: client.get("/api/mobile/closed").status_code == 200)

        # On two edges, each of which may still be without the store for a moment.
        eventually(lambda: "x-ratelimit-limit" in client.get("/api/mobile/open").headers)
        after = [client.get("/api/mobile/few").status_code for _ in range(4)]

    assert after == [200, 200, 429, 429]


def _on_disk(stack: Stack) -> bool:
    url = httpx.URL(stack.url("valkey"))
    with redis.Redis(port=url.port or 0, protocol=2) as client:
        return bool(client.info("persistence")["aof_delayed_fsync"] == 0) and bool(
            client.waitaof(1, 0, 5000)[0]
        )
