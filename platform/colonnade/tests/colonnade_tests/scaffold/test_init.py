"""`bff init` makes a whole platform, or leaves nothing behind."""

import subprocess
from pathlib import Path

import pytest

from colonnade.errors import ColonnadeError, UserError
from colonnade.manifest.load import load
from colonnade.resolve import resolve
from colonnade.scaffold.generated import drifted
from colonnade.scaffold.init import init_platform
from colonnade_tests.scaffold.small_platform import put, small_platform, tree

PLATFORM = """\
version: 1
name: {{ name }}
services:
  user: {path: services/user, port: 8101}
  product: {path: services/product, port: 8102}
  order: {path: services/order, port: 8103}
  device: {path: services/device, port: 8104}
  telemetry: {path: services/telemetry, port: 8105}
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A platform to make others from."""
    root = small_platform(tmp_path / "source")
    put(root / "bff", "#!/bin/sh\n")
    (root / "bff").chmod(0o755)
    put(root / "platform" / "edge" / "src" / "edge.py", "edge = 1\n")
    put(root / "platform" / "edge" / "tests" / "test_edge.py", "")
    put(root / "platform" / "edge" / "src" / "__pycache__" / "edge.pyc", "")
    put(root / "services" / "order" / "Dockerfile", "")
    put(root / "templates" / "platform" / "colonnade.yaml.jinja", PLATFORM)
    put(root / "templates" / "platform" / ".gitignore.jinja", ".venv/\n")
    put(root / "templates" / "bff" / "mobile" / "tests" / "test_home.py", "")
    for kind in ("web", "mobile", "iot"):
        put(root / "templates" / "demo" / kind / "demo.txt.jinja", "{{ name }}\n")
    put(root / ".venv" / "pyvenv.cfg", "")
    put(root / ".colonnade" / "state.json", "{}")
    return root


def test_the_platform_is_whole(source: Path, tmp_path: Path) -> None:
    made = init_platform(source, tmp_path / "shop")

    assert (made.name, made.bffs) == ("shop", ("web", "mobile", "iot"))
    platform = resolve(load(made.folder))
    assert platform.name == "shop"
    assert [(bff.name, bff.port, bff.prefix) for bff in platform.bffs] == [
        ("iot", 3002, "/api/iot"),
        ("mobile", 3001, "/api/mobile"),
        ("web", 3000, "/api/web"),
    ]
    assert [] == drifted(made.folder, platform)
    assert (made.folder / "bffs" / "iot" / "demo.txt").read_text() == "iot\n"
    assert (made.folder / "bff").stat().st_mode & 0o111


@pytest.mark.parametrize("under_git", [False, True])
def test_only_sources_are_taken_over(source: Path, tmp_path: Path, *, under_git: bool) -> None:
    if under_git:
        put(source / ".gitignore", ".venv/\n.colonnade/\n__pycache__/\n")
        subprocess.run(["git", "-C", source, "init", "-q"], check=True)

    folder = init_platform(source, tmp_path / "shop").folder

    top = {child.name for child in folder.iterdir()}
    taken = {file for file in tree(folder) if file.startswith(("platform/", "services/"))}
    assert top == {
        "CODEOWNERS",
        ".gitignore",
        "bff",
        "bffs",
        "colonnade.yaml",
        "compose.yaml",
        "deploy",
        "platform",
    } | {
        "services",
        "templates",
    }
    assert taken == {"platform/edge/src/edge.py", "services/order/Dockerfile"}
    assert (folder / "templates" / "bff" / "mobile" / "tests" / "test_home.py").exists()


def test_an_empty_folder_will_do(source: Path, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()

    assert init_platform(source, tmp_path / "shop").folder.joinpath("colonnade.yaml").exists()


def test_missing_parents_are_made(source: Path, tmp_path: Path) -> None:
    init_platform(source, tmp_path / "deep" / "er" / "shop")

    assert ["shop"] == [child.name for child in (tmp_path / "deep" / "er").iterdir()]


@pytest.mark.parametrize("name", ["My Shop", "Shop", "2shop", "shop_1"])
def test_a_name_that_will_not_do_is_refused(source: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="not a name in lower case"):
        init_platform(source, tmp_path / name)

    assert not (tmp_path / name).exists()


def test_a_folder_with_something_in_it_is_refused(source: Path, tmp_path: Path) -> None:
    put(tmp_path / "shop" / "notes.txt", "mine\n")

    with pytest.raises(UserError, match="not an empty folder"):
        init_platform(source, tmp_path / "shop")

    assert tree(tmp_path / "shop") == {"notes.txt": b"mine\n"}


def test_a_file_in_the_way_is_refused(source: Path, tmp_path: Path) -> None:
    put(tmp_path / "shop", "mine\n")

    with pytest.raises(UserError, match="not an empty folder"):
        init_platform(source, tmp_path / "shop")


def test_a_failure_leaves_nothing_behind(source: Path, tmp_path: Path) -> None:
    put(source / "templates" / "bff" / "iot" / "bff.yaml.jinja", "nonsense: true\n")

    with pytest.raises(ColonnadeError):
        init_platform(source, tmp_path / "deep" / "shop")

    assert ["source"] == [child.name for child in tmp_path.iterdir()]
