"""Saved manifests are noticed, and nothing else is."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from colonnade.local.live import follow, stamp
from colonnade_tests.local.platforms import write_bff, write_platform


class Applied:
    """Counts the changes that were noticed."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self) -> None:
        self.count += 1

    async def reach(self, count: int) -> None:
        async with asyncio.timeout(20):
            while self.count < count:  # noqa: ASYNC110 - the file system has no event of ours
                await asyncio.sleep(0.01)


@pytest.fixture
async def applied(tmp_path: Path) -> AsyncIterator[Applied]:
    write_platform(tmp_path)
    applied = Applied()
    following = asyncio.create_task(follow(tmp_path, stamp(tmp_path), applied))
    await asyncio.sleep(0)
    yield applied
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_saving_is_noticed_in_every_manifest_even_a_new_one(applied: Applied, tmp_path: Path) -> None:
    with (tmp_path / "colonnade.yaml").open("a") as file:
        file.write("# saved\n")
    await applied.reach(1)
    write_bff(tmp_path, "tv", 3003)
    await applied.reach(2)
    write_bff(tmp_path, "tv", 3004)
    await applied.reach(3)
    shutil.rmtree(tmp_path / "bffs/tv")
    await applied.reach(4)


async def test_what_was_saved_before_the_watch_began_is_noticed(tmp_path: Path) -> None:
    write_platform(tmp_path)
    seen, applied = stamp(tmp_path), Applied()
    write_bff(tmp_path, "tv", 3003)

    following = asyncio.create_task(follow(tmp_path, seen, applied))
    await applied.reach(1)

    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


def test_only_manifests_count(tmp_path: Path) -> None:
    write_platform(tmp_path)
    before = stamp(tmp_path)

    (tmp_path / "bffs/mobile/README.md").write_text("no manifest")
    (tmp_path / "notes.yaml").write_text("no manifest")

    assert stamp(tmp_path) == before
