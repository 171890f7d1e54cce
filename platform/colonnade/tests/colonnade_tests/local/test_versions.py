"""The versions of a configuration: kept whole, bounded in number, comparable."""

from itertools import count
from pathlib import Path

import pytest

from colonnade.errors import UserError
from colonnade.local.versions.compare import compare, versions
from colonnade.local.versions.store import Versions
from colonnade.local.versions.version import Outcome, Version

FIRST = {"colonnade.yaml": "name: shop\n", "bffs/tv/bff.yaml": "name: tv\n"}


@pytest.fixture
def kept(tmp_path: Path) -> Versions:
    times = count(1000)
    return Versions(tmp_path, keep=3, clock=lambda: float(next(times)))


def record(kept: Versions, manifests: dict[str, str], outcome: Outcome = Outcome.PUBLISHED) -> Version:
    compiled = {"policy.json": str(len(manifests))}
    return kept.record(manifests, compiled, author="alice", cause="edited", outcome=outcome)


def test_a_version_is_kept_with_all_that_it_was(kept: Versions) -> None:
    version = record(kept, FIRST)

    assert (version.number, version.at, version.author, version.cause) == (1, 1000.0, "alice", "edited")
    assert version.files == ("bffs/tv/bff.yaml", "colonnade.yaml")
    assert kept.manifests(1) == FIRST
    assert kept.compiled(1) == {"policy.json": "2"}
    assert kept.current == kept.get(1) == version


def test_the_same_content_has_the_same_revision(kept: Versions) -> None:
    revisions = [record(kept, one).revision for one in (FIRST, FIRST | {"colonnade.yaml": ""}, FIRST)]

    assert revisions[0] == revisions[2] != revisions[1]


def test_the_oldest_is_dropped_but_never_what_is_in_effect(kept: Versions) -> None:
    for _ in range(2):
        record(kept, FIRST)
    for _ in range(4):
        record(kept, FIRST, Outcome.WITHDRAWN)

    assert [version.number for version in kept.history()] == [6, 5, 4, 2]
    assert kept.current is not None
    assert kept.current.number == 2
    with pytest.raises(UserError, match="no version 1"):
        kept.manifests(1)


@pytest.mark.parametrize("damage", ["", "{", "{}", None], ids=["empty", "half", "other", "gone"])
def test_a_damaged_version_is_left_out(kept: Versions, tmp_path: Path, damage: str | None) -> None:
    """As after a loss of power, or where it was removed in part."""
    record(kept, FIRST)
    record(kept, FIRST)
    about = tmp_path / "2/version.json"
    about.unlink() if damage is None else about.write_text(damage)

    assert kept.current is not None
    assert kept.current.number == 1
    with pytest.raises(UserError, match="version 2 is damaged"):
        kept.manifests(2)
    assert record(kept, FIRST).number == 3
    assert [version.number for version in kept.history()] == [3, 1]


def test_before_a_version_is_what_all_edges_had(kept: Versions) -> None:
    record(kept, FIRST)
    record(kept, FIRST, Outcome.WITHDRAWN)
    record(kept, FIRST)

    assert kept.before(3).number == 1
    with pytest.raises(UserError, match="no version before 1"):
        kept.before(1)


def test_a_version_is_settled_later(kept: Versions) -> None:
    version = record(kept, FIRST, Outcome.CANARY)

    kept.settle(version, Outcome.WITHDRAWN, "7 of 10 failed")

    assert (kept.get(1).outcome, kept.get(1).note) == (Outcome.WITHDRAWN, "7 of 10 failed")
    assert kept.current is None


def test_versions_differ_as_a_patch_says(kept: Versions) -> None:
    record(kept, FIRST)
    record(kept, {"colonnade.yaml": "name: store\n", "bffs/web/bff.yaml": "name: web"})

    assert versions(kept, 1, None, compiled=False).splitlines() == [
        "--- 1/bffs/tv/bff.yaml",
        "+++ /dev/null",
        "@@ -1 +0,0 @@",
        "-name: tv",
        "--- /dev/null",
        "+++ 2/bffs/web/bff.yaml",
        "@@ -0,0 +1 @@",
        "+name: web",
        "\\ No newline at end of file",
        "--- 1/colonnade.yaml",
        "+++ 2/colonnade.yaml",
        "@@ -1 +1 @@",
        "-name: shop",
        "+name: store",
    ]
    assert versions(kept, 1, 2, compiled=True) == ""
    assert compare(FIRST, FIRST, ("a", "b")) == ""
