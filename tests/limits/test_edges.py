"""Two and three edges, asked five times as often as allowed: what each policy admits."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from time import monotonic, sleep

import httpx
import pytest

from tests.limits.hammer import Answer, admitted, hammer, refused
from tests.limits.manifests import with_limits
from tests.platform_folder import Stack, eventually, make_platform

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("limits")]

WINDOW_S = 1.0
RATE = 6
SHARED = 12
MINUTE_S = 60.0
LIMITS = {
    "fixed": f"algorithm: fixed_window, rate: {RATE}/1s",
    "log": f"algorithm: sliding_window_log, rate: {RATE}/1s",
    "token": f"algorithm: token_bucket, rate: {RATE}/1s, burst: {RATE}",
    "cluster": f"algorithm: token_bucket, rate: {SHARED}/minute, burst: {SHARED}, policy: cluster",
    "cluster-log": f"algorithm: sliding_window_log, rate: {SHARED}/minute, policy: cluster",
    "steady": f"algorithm: token_bucket, rate: {RATE}/1s, burst: {RATE}, policy: cluster",
    "steady-log": f"algorithm: sliding_window_log, rate: {SHARED}/1s, policy: cluster",
    "local": f"algorithm: token_bucket, rate: {SHARED}/minute, burst: {SHARED}, policy: local",
}


@pytest.fixture(scope="module", params=[2, 3])
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = make_platform(tmp_path_factory.mktemp("edges") / "platform")
    with_limits(folder, LIMITS, replicas=request.param)
    stack = Stack(folder).up()
    yield stack
    stack.down()


def edges(stack: Stack) -> int:
    return len(stack.told["edges"])


def ask(stack: Stack, name: str, for_s: float, per_second: float = 5 * RATE) -> list[Answer]:
    """All answers; five times as many are asked for as may pass."""
    answers = asyncio.run(hammer(f"{stack.edge}/api/mobile/{name}", for_s=for_s, per_second=per_second))
    assert {answer.status for answer in answers} <= {200, 429}
    return answers


def window(at: float) -> int:
    return int(at // WINDOW_S)


def in_one_window(answer: Answer) -> bool:
    return window(answer.sent) == window(answer.got)


# A decision falls between sending and answer, on the store's clock, which here is ours too. So these bounds
# are exact, and hold on a machine that stalls.


def test_the_store_admits_exactly_the_rate_in_each_fixed_window(stack: Stack) -> None:
    answers: list[Answer] = []
    while len(refusing := {window(one.sent) for one in refused(answers) if in_one_window(one)}) < 3:
        answers += ask(stack, "fixed", 3 * WINDOW_S)

    surely = Counter(window(one.sent) for one in admitted(answers) if in_one_window(one))
    perhaps = Counter(at for one in admitted(answers) for at in {window(one.sent), window(one.got)})
    assert max(surely.values()) <= RATE
    assert min(perhaps[at] for at in refusing) >= RATE


def test_the_store_admits_exactly_the_rate_in_any_window_of_a_log(stack: Stack) -> None:
    answers: list[Answer] = []
    while not refused(answers) or len(passed := admitted(answers)) <= 2 * RATE:
        answers += ask(stack, "log", 3 * WINDOW_S)

    sent = sorted(one.sent for one in passed)
    got = sorted(one.got for one in passed)
    # Of any RATE + 1 that passed one after the other, first and last are a window apart.
    assert all(late - early >= WINDOW_S for early, late in zip(sent, got[RATE:], strict=False))
    for one in refused(answers):
        full = [other for other in passed if other.got > one.sent - WINDOW_S and other.sent < one.got]
        assert len(full) >= RATE


def test_the_store_admits_exactly_the_burst_and_what_came_back(stack: Stack) -> None:
    answers = ask(stack, "token", 4 * WINDOW_S)

    assert refused(answers)
    passed, last = admitted(answers), refused(answers)[-1]
    most = RATE + (passed[-1].got - passed[0].sent) * RATE / WINDOW_S
    least = RATE + (last.sent - passed[0].got) * RATE / WINDOW_S - 1
    assert len(passed) <= most
    assert len([one for one in passed if one.sent < last.got]) >= least


def used_up(edge: str, name: str) -> int:
    """Ask one edge until it refuses whichever policy service it asks; return how many requests passed."""
    statuses: list[int] = []
    with httpx.Client(base_url=edge, timeout=20) as client:
        while len(statuses) < 8 or set(statuses[-8:]) != {429}:
            statuses.append(client.get(f"/api/mobile/{name}").status_code)
    assert set(statuses) <= {200, 429}
    return statuses.count(200)


@pytest.mark.parametrize("name", ["cluster", "cluster-log"])
def test_edges_that_share_admit_the_rate_within_a_tenth(stack: Stack, name: str) -> None:
    """Asked one after the other, until each has given what it has."""
    began = monotonic()
    passed = sum(used_up(edge, name) for edge in stack.told["edges"])

    came_back = (monotonic() - began) * SHARED / MINUTE_S
    assert SHARED * 0.9 <= passed <= (SHARED + came_back) * 1.1


@pytest.mark.parametrize(("name", "rate"), [("steady", RATE), ("steady-log", SHARED)])
def test_edges_that_share_admit_no_more_under_load(stack: Stack, name: str, rate: int) -> None:
    passed = admitted(ask(stack, name, 2.5 * WINDOW_S, 5 * rate))

    took = passed[-1].got - passed[0].sent
    windows = took // WINDOW_S + 1 if name == "steady-log" else 1 + took / WINDOW_S
    assert len(passed) <= rate * windows * 1.1


def test_edges_that_count_alone_admit_as_much_as_all_together(stack: Stack) -> None:
    """What the documentation of `local` warns of."""
    began = monotonic()
    passed = [used_up(edge, "local") for edge in stack.told["edges"]]

    came_back = (monotonic() - began) * SHARED / MINUTE_S
    assert all(SHARED <= each <= SHARED + came_back + 1 for each in passed)


def test_the_share_of_a_dead_edge_goes_to_the_living(stack: Stack) -> None:
    """Frozen, so that nobody starts it again at once: it does not answer, and the others take its part."""
    os.kill(stack.pid(f"envoy-{edges(stack)}"), signal.SIGSTOP)
    try:
        first = stack.told["edges"][0]

        def left() -> int:
            answer = httpx.get(f"{first}/api/mobile/steady-log", timeout=5)
            return int(answer.headers["x-ratelimit-remaining"])

        sleep(WINDOW_S)
        alive = edges(stack) - 1
        assert eventually(lambda: left() >= SHARED // alive - 2, within=10, every=WINDOW_S)
    finally:
        os.kill(stack.pid(f"envoy-{edges(stack)}"), signal.SIGCONT)
