"""`bff remove` undoes `bff new`, and never takes work with it unasked."""

import subprocess
from pathlib import Path

import pytest

from colonnade.errors import ManifestError, UserError
from colonnade.scaffold.new import new_bff
from colonnade.scaffold.remove import remove_bff
from colonnade_tests.scaffold.small_platform import put, small_platform, tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A platform with a BFF tv that was just made."""
    small_platform(tmp_path)
    new_bff(tmp_path, "radio", "iot", in_use=lambda _: False)
    new_bff(tmp_path, "tv", "mobile", in_use=lambda _: False)
    return tmp_path


def git(root: Path, *arguments: str) -> None:
    someone = ("-c", "user.name=Someone", "-c", "user.email=someone@example.com")
    subprocess.run(["git", "-C", root, *someone, *arguments], check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "all")


def test_remove_undoes_new(tmp_path: Path) -> None:
    small_platform(tmp_path)
    new_bff(tmp_path, "radio", "iot", in_use=lambda _: False)
    before = tree(tmp_path)
    new_bff(tmp_path, "tv", "mobile", in_use=lambda _: False)

    removed = remove_bff(tmp_path, "tv")

    assert before == tree(tmp_path)
    assert not (tmp_path / "bffs" / "tv").exists()
    assert {"CODEOWNERS", "compose.yaml"} <= {*removed.updated}


def test_caches_are_nobodys_work(root: Path) -> None:
    put(root / "bffs" / "tv" / "src" / "tv_bff" / "__pycache__" / "x.pyc", "")

    remove_bff(root, "tv")

    assert not (root / "bffs" / "tv").exists()


@pytest.mark.parametrize("file", ["README.md", "src/tv_bff/new_view.py"])
def test_work_without_version_control_stays(root: Path, file: str) -> None:
    put(root / "bffs" / "tv" / file, "work\n")
    before = tree(root)

    with pytest.raises(UserError, match=f"not committed: {file}") as raised:
        remove_bff(root, "tv")

    assert before == tree(root)
    assert "--force" in raised.value.hint


def test_work_that_is_committed_may_go(root: Path) -> None:
    put(root / "bffs" / "tv" / "README.md", "work\n")
    put(root / "bffs" / "tv" / "src" / "tv_bff" / "view.py", "work\n")
    commit(root)

    remove_bff(root, "tv")

    assert not (root / "bffs" / "tv").exists()


@pytest.mark.parametrize("file", ["README.md", "src/tv_bff/new_view.py"])
def test_work_since_the_last_commit_stays(root: Path, file: str) -> None:
    commit(root)
    put(root / "bffs" / "tv" / file, "more\n")

    with pytest.raises(UserError, match=f"not committed: {file}"):
        remove_bff(root, "tv")


def test_force_removes_it_all_the_same(root: Path) -> None:
    put(root / "bffs" / "tv" / "README.md", "work\n")

    remove_bff(root, "tv", force=True)

    assert not (root / "bffs" / "tv").exists()


def test_a_bff_that_is_broken_can_be_removed(root: Path) -> None:
    put(root / "bffs" / "tv" / "bff.yaml", "nonsense\n")

    remove_bff(root, "tv", force=True)

    assert not (root / "bffs" / "tv").exists()


def test_an_unknown_name_is_answered_with_the_nearest(root: Path) -> None:
    with pytest.raises(UserError) as raised:
        remove_bff(root, "radoi")

    assert raised.value.hint == "did you mean 'radio'?"


@pytest.mark.parametrize("name", ["../services", ".", ""])
def test_nothing_but_a_bff_is_removed(root: Path, name: str) -> None:
    before = tree(root)

    with pytest.raises(UserError, match="no BFF"):
        remove_bff(root, name, force=True)

    assert before == tree(root)


def test_a_failure_puts_the_bff_back(root: Path) -> None:
    put(root / "bffs" / "radio" / "bff.yaml", "nonsense\n")
    before = tree(root)

    with pytest.raises(ManifestError):
        remove_bff(root, "tv", force=True)

    assert before == tree(root)
