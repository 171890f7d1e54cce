"""Templates become files, and a mistake in one is named."""

import stat
from pathlib import Path

import pytest

from colonnade.errors import WorkError
from colonnade.scaffold.template import render, write
from colonnade_tests.scaffold.small_platform import put


def test_a_later_layer_replaces_files_of_an_earlier(tmp_path: Path) -> None:
    put(tmp_path / "one" / "a.jinja", "{{ name }} one\n")
    put(tmp_path / "one" / "b", "{{ name }}\n")
    put(tmp_path / "two" / "a.jinja", "{{ name }} two\n")

    rendered = {
        str(path): text
        for path, (text, _) in render([tmp_path / "one", tmp_path / "two"], {"name": "tv"}).items()
    }

    assert rendered == {"a": b"tv two\n", "b": b"{{ name }}\n"}


def test_names_of_files_and_folders_are_rendered(tmp_path: Path) -> None:
    put(tmp_path / "in" / "src" / "{{ package }}" / "test_{{ name }}.py.jinja", "")

    assert [Path("src/tv_bff/test_tv.py")] == list(
        render([tmp_path / "in"], {"package": "tv_bff", "name": "tv"})
    )


def test_an_executable_stays_one(tmp_path: Path) -> None:
    put(tmp_path / "in" / "run", "#!/bin/sh\n")
    (tmp_path / "in" / "run").chmod(0o755)

    write(render([tmp_path / "in"], {}), tmp_path / "out")

    assert stat.S_IMODE((tmp_path / "out" / "run").stat().st_mode) == 0o755


@pytest.mark.parametrize("text", ["{{ nmae }}", "{% if %}", "{{ ''.__class__.__mro__ }}"])
def test_a_mistake_is_told_with_its_file(tmp_path: Path, text: str) -> None:
    put(tmp_path / "in" / "a.jinja", text)

    with pytest.raises(WorkError, match=r"in/a\.jinja cannot be rendered"):
        render([tmp_path / "in"], {"name": "tv"})


def test_missing_templates_are_told(tmp_path: Path) -> None:
    with pytest.raises(WorkError, match="are missing"):
        render([tmp_path / "in"], {})
