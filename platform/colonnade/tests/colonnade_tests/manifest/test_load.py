"""A platform folder is found from below and read whole."""

from pathlib import Path

import pytest

from colonnade.errors import ManifestError, UserError
from colonnade.manifest.load import PLATFORM_FILE, find_root, load


def test_the_platform_is_found_from_a_folder_below(tmp_path: Path) -> None:
    (tmp_path / "colonnade.yaml").write_text("name: shop\n", encoding="utf-8")
    below = tmp_path / "bffs" / "tv"
    below.mkdir(parents=True)

    assert tmp_path == find_root(below)


def test_outside_a_platform_the_way_to_make_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        find_root(tmp_path)

    assert "bff init" in caught.value.hint


def test_problems_of_all_files_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "colonnade.yaml").write_text("name: Shop\nedge: {prot: 1}\n", encoding="utf-8")
    (tmp_path / "bffs" / "tv").mkdir(parents=True)
    (tmp_path / "bffs" / "tv" / "bff.yaml").write_text("name: 3\n", encoding="utf-8")

    with pytest.raises(ManifestError) as caught:
        load(tmp_path)

    keys = {(str(problem.file), problem.key) for problem in caught.value.problems}
    assert {("colonnade.yaml", "name"), ("colonnade.yaml", "edge.prot"), ("bffs/tv/bff.yaml", "name")} <= keys


def test_a_folder_without_a_manifest_is_no_bff(tmp_path: Path) -> None:
    (tmp_path / "colonnade.yaml").write_text("name: shop\n", encoding="utf-8")
    (tmp_path / "bffs" / "draft").mkdir(parents=True)

    assert load(tmp_path).bffs == {}


def test_a_manifest_that_is_no_text_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / PLATFORM_FILE).write_bytes(b"version: 1\nname: caf\xe9\n")

    with pytest.raises(ManifestError) as told:
        load(tmp_path)

    assert str(told.value) == "colonnade.yaml:2:1: is not text in UTF-8 (save it as such)"


def test_a_manifest_that_is_gone_is_told_without_the_systems_number(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as told:
        load(tmp_path)

    assert str(told.value) == "colonnade.yaml:1:1: cannot be read: No such file or directory"
