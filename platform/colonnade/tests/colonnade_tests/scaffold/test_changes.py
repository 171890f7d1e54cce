"""Changes to files hold together, whatever stops them."""

from pathlib import Path

import pytest

from colonnade.errors import WorkError
from colonnade.scaffold.changes import Changes
from colonnade_tests.scaffold.small_platform import put, tree


def change(root: Path, changes: Changes) -> None:
    changes.write(root / "kept", "new")
    changes.write(root / "deep" / "er" / "made", "new")
    put(changes.scratch / "folder" / "file", "new")
    changes.move(changes.scratch / "folder", root / "other" / "moved")


def change_and_stop(root: Path, stop: type[BaseException]) -> None:
    with Changes(root) as changes:
        change(root, changes)
        raise stop


def change_below_a_file(root: Path) -> None:
    with Changes(root) as changes:
        changes.write(root / "kept", "new")
        changes.write(root / "file" / "below", "new")


def test_all_of_it_is_done(tmp_path: Path) -> None:
    put(tmp_path / "kept", "old")

    with Changes(tmp_path) as changes:
        change(tmp_path, changes)

    assert tree(tmp_path) == {"kept": b"new", "deep/er/made": b"new", "other/moved/file": b"new"}


@pytest.mark.parametrize("stop", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_or_none_of_it(tmp_path: Path, stop: type[BaseException]) -> None:
    put(tmp_path / "kept", "old")

    with pytest.raises(stop):
        change_and_stop(tmp_path, stop)

    assert tree(tmp_path) == {"kept": b"old"}
    assert ["kept"] == [child.name for child in tmp_path.iterdir()]


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    put(tmp_path / "kept", "old")
    put(tmp_path / "file", "")

    with pytest.raises(WorkError, match="nothing was changed"):
        change_below_a_file(tmp_path)

    assert tree(tmp_path) == {"kept": b"old", "file": b""}
