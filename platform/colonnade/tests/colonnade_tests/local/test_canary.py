"""A publish by canary: one real edge of two has it first, and keeps it only if it does no worse."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from colonnade.errors import ColonnadeError
from colonnade.local.canary import Tally
from colonnade.local.configuration import Configuration, on_disk
from colonnade.local.stack import Stack
from colonnade.local.versions.store import Versions
from colonnade.local.versions.version import Outcome
from colonnade_tests.local.platforms import write_bff, write_platform
from colonnade_tests.local.test_stack import open_bff, running

# One stack for all, in one worker and one event loop.
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("canary")]

ROLLOUT = "rollout: {{window: {window}, min_requests: 20, max_errors: 10%}}"
AMPLE = ROLLOUT.format(window="30s")
"""For a trial that ends before its window, however slowly twenty requests are answered."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    folder = tmp_path_factory.mktemp("canary")
    root = write_platform(folder / "shop", replicas=2)
    manifest = root / "colonnade.yaml"
    text = manifest.read_text().replace("replicas: 2,", f"replicas: 2, {AMPLE},")
    manifest.write_text(text + "guardrails: {auth: [none, jwt]}\n")
    open_bff(root, "mobile", 3001)
    write_bff(root, "tv", 3002)  # by whose routes the policy services are asked
    async with running(root, folder) as stack:
        yield stack


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def configuration(stack: Stack) -> Configuration:
    configuration = Configuration(stack, Versions(stack.machine.layout.versions))
    configuration.begin(on_disk(stack.machine.layout.root))
    return configuration


def lead_to(root: Path, path: str) -> None:
    """Edit the route of `mobile`, so that its BFF is asked for `path`."""
    file = open_bff(root, "mobile", 3001)
    rewrite = f'prefix: /api/mobile, rewrite: {{regex: "^/api/mobile", substitution: "{path}"}}'
    file.write_text(file.read_text().replace("prefix: /api/mobile", rewrite))


@contextmanager
def traffic(stack: Stack) -> Iterator[Counter[tuple[int, int]]]:
    """Ask every edge again and again; count the answers by edge, from 0, and status."""
    answers: Counter[tuple[int, int]] = Counter()

    async def ask(number: int, url: str) -> None:
        async with httpx.AsyncClient(trust_env=False, base_url=url) as client:
            while True:
                answers[number, (await client.get("/api/mobile/home")).status_code] += 1

    tasks = [asyncio.create_task(ask(number, url)) for number, url in enumerate(stack.snapshot().edges)]
    yield answers
    for task in tasks:
        task.cancel()


@contextmanager
def watched(stack: Stack) -> Iterator[set[str]]:
    """Collect the routes that an edge asks about and that the policy services have not been told."""
    found: set[str] = set()

    async def watch() -> None:
        layout = stack.machine.layout
        while True:
            policy = layout.policy_file.read_text()
            for number in (1, 2):
                routed = (layout.edge(number) / "rds.json").read_text()
                found.update(
                    set(re.findall(r'"(tv(?:@\d+)?)"', routed)) - set(re.findall(r'"(tv[^"]*)":', policy))
                )
            await asyncio.sleep(0)

    task = asyncio.create_task(watch())
    yield found
    task.cancel()


async def test_what_fails_on_one_edge_is_withdrawn_and_never_reaches_the_other(
    stack: Stack, configuration: Configuration
) -> None:
    lead_to(stack.machine.layout.root, "/fail")

    with traffic(stack) as answers, watched(stack) as unknown:
        await configuration.apply()

    version = configuration.versions.history()[0]
    assert version.outcome is Outcome.WITHDRAWN
    assert "it failed more often than the others" in version.note
    assert "the others: 0 of" in version.note
    assert unknown == set()
    assert answers[0, 500] > 0
    assert answers[1, 500] == 0
    assert "withdrawn from envoy" in stack.problems[0]
    assert await statuses(stack) == [200, 200]
    assert configuration.versions.current is not None
    assert stack.snapshot().version == configuration.versions.current.number < version.number


async def test_what_does_no_worse_reaches_all(stack: Stack, configuration: Configuration) -> None:
    root = stack.machine.layout.root
    lead_to(root, "/fine")
    manifest = root / "colonnade.yaml"
    ample = manifest.read_text()
    manifest.write_text(ample.replace(AMPLE, ROLLOUT.format(window="1s")))

    with traffic(stack) as answers, watched(stack) as unknown:
        await configuration.apply()

    version = configuration.versions.current
    assert version == configuration.versions.history()[0]
    assert unknown == set()
    assert "envoy: 0 of" in version.note
    assert {status for _, status in answers} == {200}
    assert stack.problems == ()
    manifest.write_text(ample)


async def test_who_operates_it_can_end_a_trial(stack: Stack, configuration: Configuration) -> None:
    lead_to(stack.machine.layout.root, "/fine/too")

    publishing = asyncio.create_task(configuration.publish("alice"))
    async with asyncio.timeout(20):
        while configuration.versions.history()[0].outcome is not Outcome.CANARY:  # noqa: ASYNC110 - a file
            await asyncio.sleep(0.01)
    assert await configuration.rollback(None, "bob") is None

    with pytest.raises(ColonnadeError, match="withdrawn from envoy: bob said so"):
        await publishing


async def statuses(stack: Stack) -> list[int]:
    async with httpx.AsyncClient(trust_env=False) as client:
        return [(await client.get(f"{url}/api/mobile/home")).status_code for url in stack.snapshot().edges]


async def test_figures_are_told_as_people_read_them() -> None:
    assert str(Tally(200, 3) - Tally(100, 1)) == "2 of 100 failed (2.0%)"
    assert str(Tally()) == "0 of 0 failed (0.0%)"
