"""Open streams at three edges: closed within a second when what opened them ends, and nothing else is."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.platform_folder import Stack, bff, eventually
from tests.revocation.streams import UPGRADE, Stream

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("revocation")]

Opener = Callable[..., Awaitable[Stream]]
KINDS = pytest.mark.parametrize("kind", ["events", "ws"])


@pytest.fixture
async def opened(stack: Stack) -> AsyncIterator[Opener]:
    """Opens a stream at one of the edges; all are closed after the test."""
    streams: list[Stream] = []

    async def open_one(name: str, kind: str, headers: dict[str, str], edge: int = 0) -> Stream:
        url = f"{stack.told['edges'][edge]}/api/mobile/{name}/{kind}"
        stream = await Stream.open(url, headers | (UPGRADE if kind == "ws" else {}))
        streams.append(stream)
        assert stream.status == (101 if kind == "ws" else 200)
        assert await stream.goes_on()
        return stream

    yield open_one
    for stream in streams:
        stream.close()


async def run(stack: Stack, *arguments: str) -> str:
    done = await asyncio.to_thread(bff, stack.folder, *arguments)
    return done.stdout.strip()


async def bearer(stack: Stack, user: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {await run(stack, 'token', '--client', 'mobile', '--user', user)}"}


@KINDS
async def test_a_revoked_users_streams_are_closed_everywhere(stack: Stack, opened: Opener, kind: str) -> None:
    alice, bob = await bearer(stack, "alice"), await bearer(stack, "bob")
    closing = [await opened("live", kind, alice, edge) for edge in range(3)]
    staying = [await opened("live", kind, bob), await opened("open", kind, {})]

    await run(stack, "revoke", "--user", "alice")
    at = time.monotonic()

    for stream in closing:
        assert await stream.ended(5) - at < 1.0
    for stream in staying:
        assert await stream.goes_on()


async def test_of_the_streams_on_one_connection_only_the_revoked_are_closed(stack: Stack) -> None:
    """Over HTTP/2, where a stream can end and its connection go on."""
    alice, bob = await bearer(stack, "alice"), await bearer(stack, "bob")
    edge = httpx.AsyncClient(base_url=stack.told["edges"][0], http1=False, http2=True, timeout=15)
    path = "/api/mobile/live/events"
    async with (
        edge,
        edge.stream("GET", path, headers=alice) as closing,
        edge.stream("GET", path, headers=bob) as staying,
    ):
        events, others = closing.aiter_bytes(), staying.aiter_bytes()
        assert await anext(events)
        assert await anext(others)

        await run(stack, "revoke", "--user", "alice")
        at = time.monotonic()

        with suppress(httpx.RemoteProtocolError):  # reset, because the answer is not whole
            async for _ in events:
                assert time.monotonic() - at < 1.0
        assert await anext(others)


@KINDS
async def test_a_revoked_sessions_streams_are_closed(stack: Stack, opened: Opener, kind: str) -> None:
    cookie = await run(stack, "session", "--user", "bob")
    origin = {"Cookie": cookie, "Origin": stack.told["edges"][0]}
    stream = await opened("page", kind, origin)

    await run(stack, "revoke", "--user", "bob")
    at = time.monotonic()

    assert await stream.ended(5) - at < 1.0


async def test_logout_closes_the_sessions_streams(stack: Stack, opened: Opener) -> None:
    cookie = await run(stack, "session", "--user", "alice")
    stream = await opened("page", "events", {"Cookie": cookie})

    async with httpx.AsyncClient(base_url=stack.edge) as browser:
        answer = await browser.post("/auth/logout", headers={"Cookie": cookie, "X-CSRF": "1"})

    assert answer.status_code == 200
    await stream.ended(8)


@KINDS
async def test_a_revoked_keys_streams_are_closed(stack: Stack, opened: Opener, kind: str) -> None:
    key = await asyncio.to_thread(stack.key, "sensor-9")
    stream = await opened("thing", kind, {"X-API-Key": key})

    await run(stack, "key", "revoke", key.split("_")[1])
    at = time.monotonic()

    assert await stream.ended(5) - at < 1.0


async def test_streams_end_with_their_credential(stack: Stack, opened: Opener) -> None:
    ends, closing = await opened_with_what_ends(stack, opened)
    staying = [await opened("open", kind, {}) for kind in ("events", "ws")]

    for stream in closing:
        await stream.ended(80)
        assert time.time() >= ends.timestamp()

    for stream in staying:
        assert await stream.goes_on()


async def opened_with_what_ends(stack: Stack, opened: Opener) -> tuple[datetime, list[Stream]]:
    """Open streams with a key that ends soon after: how soon depends on how long it takes on this machine."""
    for life_s in (4, 8, 16, 32):
        ends = (datetime.now(UTC) + timedelta(seconds=life_s)).replace(microsecond=0)
        expires = f"{ends:%Y-%m-%dT%H:%M:%S}"
        try:
            key = await run(stack, "key", "create", "--device", "sensor-8", "--expires", expires)
            streams = [await opened("thing", kind, {"X-API-Key": key}) for kind in ("events", "ws")]
        except AssertionError:
            if datetime.now(UTC) < ends:
                raise
        else:
            return ends, streams
    pytest.fail(f"within {life_s} s no two streams could be opened")


async def test_events_wait_for_no_compressor(opened: Opener) -> None:
    stream = await opened("open", "events", {"Accept-Encoding": "zstd, br, gzip"})

    assert b"content-encoding" not in stream.head.lower()
    assert await stream.goes_on()


async def test_a_stream_outlives_the_store_and_can_be_revoked_afterwards(
    stack: Stack, opened: Opener
) -> None:
    cookie, token = await run(stack, "session", "--user", "bob"), await bearer(stack, "bob")
    page = await opened("page", "events", {"Cookie": cookie})
    live = await opened("live", "ws", token)

    os.kill(stack.pid("valkey"), signal.SIGKILL)
    assert await page.goes_on()
    assert await live.goes_on()
    eventually(lambda: httpx.get(f"{stack.edge}/auth/session", headers={"Cookie": cookie}).is_success)

    await run(stack, "revoke", "--user", "bob")
    at = time.monotonic()

    for stream in (page, live):
        assert await stream.ended(5) - at < 1.0


async def test_a_policy_service_that_dies_takes_its_own_streams_along_and_no_others(
    stack: Stack, opened: Opener
) -> None:
    """The clients of those connect anew, at once."""
    token = await bearer(stack, "bob")
    streams = [await opened("live", "events", token, number % 3) for number in range(12)]
    urls = {name: stack.url(name) for name in ("policy", "policy-2", "policy-3")}
    leases = {name: leases_of(url) for name, url in urls.items()}
    assert sum(leases.values()) >= len(streams)
    victim = max(leases, key=lambda name: leases[name])

    os.kill(stack.pid(victim), signal.SIGKILL)
    await asyncio.wait([stream.task for stream in streams], timeout=3, return_when=asyncio.ALL_COMPLETED)

    ended = [stream for stream in streams if not stream.open_now]
    staying = [stream for stream in streams if stream.open_now]
    assert len(ended) == leases[victim]
    assert len(staying) == len(streams) - len(ended)
    for stream in staying:
        assert await stream.goes_on()
    again = await opened("live", "events", token)
    assert await again.goes_on()
    eventually(lambda: stack.processes()[victim]["pid"])


def leases_of(url: str) -> int:
    lines = httpx.get(f"{url}/metrics").text.splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("colonnade_leases "))


def test_what_reaches_the_bff_names_no_lease(stack: Stack) -> None:
    token = {"Authorization": f"Bearer {stack.token()}"}

    answer = httpx.get(f"{stack.edge}/api/mobile/live/", headers=token | {"X-Colonnade-Lease": "mine"})

    assert answer.status_code == 200
    assert "x-user-id" in answer.text
    assert "colonnade" not in answer.text
    assert "authorization" not in answer.text
