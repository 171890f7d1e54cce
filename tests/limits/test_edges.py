"""Two and three edges, asked five times as often as allowed: what each policy admits."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from time import sleep

import httpx
import pytest

from tests.limits.hammer import admitted, hammer
from tests.platform_folder import Stack, eventually, make_platform

pytestmark = pytest.mark.timeout(180)

WINDOW_S = 2.0
RATE = 40
LIMITS = {
    "fixed": "algorithm: fixed_window, rate: 40/2s",
    "log": "algorithm: sliding_window_log, rate: 40/2s",
    "token": "algorithm: token_bucket, rate: 40/2s, burst: 40",
    "cluster": "algorithm: token_bucket, rate: 40/2s, burst: 42, policy: cluster",
    "cluster-log": "algorithm: sliding_window_log, rate: 42/2s, policy: cluster",
    "local": "algorithm: token_bucket, rate: 40/2s, burst: 40, policy: local",
}


def routes() -> str:
    """One public route for each limit, answered by the BFF's health check."""
    return "\n".join(
        f"  - {{name: {name}, path: /{name}, auth: {{type: none}}, rewrite: {{regex: '^.*$',"
        f" substitution: /healthz}}, limits: [{{name: all, key: route, {limit}}}]}}"
        for name, limit in LIMITS.items()
    )


@pytest.fixture(scope="module", params=[2, 3])
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = make_platform(tmp_path_factory.mktemp("edges") / "platform")
    manifest, mobile = folder / "colonnade.yaml", folder / "bffs/mobile/bff.yaml"
    text = manifest.read_text()
    assert text.count("replicas: 1") == 1
    text = text.replace("replicas: 1", f"replicas: {request.param}")
    assert text.count("auth: [session, jwt, api_key]") == 1
    manifest.write_text(text.replace("auth: [session, jwt, api_key]", "auth: [session, jwt, api_key, none]"))
    mobile.write_text(f"{mobile.read_text()}routes:\n{routes()}\n")
    stack = Stack(folder).up()
    yield stack
    stack.down()


def edges(stack: Stack) -> int:
    return len(stack.told["edges"])


def ask(stack: Stack, name: str, for_s: float) -> list[float]:
    """When the answers of admitted requests came; five times as many were asked for."""
    asked = hammer(f"{stack.edge}/api/mobile/{name}", for_s=for_s, per_second=5 * RATE / WINDOW_S)
    return [answer.got for answer in admitted(asyncio.run(asked))]


def test_the_store_admits_exactly_the_rate_in_each_fixed_window(stack: Stack) -> None:
    """The store's clock is ours: from early in one window to late in the third after it."""
    sleep(WINDOW_S * 1.2 - time.time() % WINDOW_S)

    count = len(ask(stack, "fixed", 3.5 * WINDOW_S))

    assert 4 * RATE - 1 <= count <= 4 * RATE


def test_the_store_admits_exactly_the_rate_in_any_window_of_a_log(stack: Stack) -> None:
    times = ask(stack, "log", 3.9 * WINDOW_S)

    assert 4 * RATE - 1 <= len(times) <= 4 * RATE


def test_the_store_admits_exactly_the_burst_and_what_came_back(stack: Stack) -> None:
    times = ask(stack, "token", 3 * WINDOW_S)

    came_back = (times[-1] - times[0]) * RATE / WINDOW_S
    # A request's way takes some milliseconds, each a tenth of a token at most.
    assert RATE + came_back - 2 <= len(times) <= RATE + came_back + 1


@pytest.mark.parametrize("name", ["cluster", "cluster-log"])
def test_edges_that_share_admit_the_rate_within_a_tenth(stack: Stack, name: str) -> None:
    times = ask(stack, name, 3.5 * WINDOW_S)

    expected = 42 * 4 if name == "cluster-log" else 42 + RATE * 3.5
    assert expected * 0.9 <= len(times) <= expected * 1.1


def test_edges_that_count_alone_admit_as_much_as_all_together(stack: Stack) -> None:
    """What the documentation of `local` warns of."""
    times = ask(stack, "local", 3 * WINDOW_S)

    expected = edges(stack) * (RATE + RATE * 3)
    assert expected * 0.9 <= len(times) <= expected * 1.1


def test_the_share_of_a_dead_edge_goes_to_the_living(stack: Stack) -> None:
    """Frozen, so that nobody starts it again at once: it does not answer, and the others take its part."""
    os.kill(stack.pid(f"envoy-{edges(stack)}"), signal.SIGSTOP)
    try:
        first = stack.told["edges"][0]

        def left() -> int:
            answer = httpx.get(f"{first}/api/mobile/cluster-log", timeout=5)
            return int(answer.headers["x-ratelimit-remaining"])

        sleep(WINDOW_S)
        alive = edges(stack) - 1
        assert eventually(lambda: left() >= 42 // alive - 5, within=10, every=WINDOW_S)
    finally:
        os.kill(stack.pid(f"envoy-{edges(stack)}"), signal.SIGCONT)
