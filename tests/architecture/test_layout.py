"""The tree keeps the shape that a newcomer relies on."""

import platform as standard_platform
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MEMBERS = sorted(
    file.parent
    for glob in ("platform/*", "bffs/*", "services/*")
    for file in ROOT.glob(f"{glob}/pyproject.toml")
)


def test_platform_is_a_folder_and_never_a_package() -> None:
    assert [] == list((ROOT / "platform").glob("*.py"))


def test_the_standard_library_keeps_its_platform_module() -> None:
    assert standard_platform.__file__ is not None
    assert Path(sysconfig.get_path("stdlib")) == Path(standard_platform.__file__).parent


@pytest.mark.parametrize("folder", ["bffs", "services"])
def test_every_child_of_a_globbed_folder_is_a_member(folder: str) -> None:
    children = [child for child in (ROOT / folder).iterdir() if child.is_dir() and any(child.iterdir())]

    assert [] == [child.name for child in children if not (child / "pyproject.toml").exists()]


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_a_member_is_one_typed_package_in_src(member: Path) -> None:
    packages = [child for child in (member / "src").iterdir() if (child / "__init__.py").exists()]

    assert len(packages) == 1
    assert (packages[0] / "py.typed").exists()
    assert (member / "tests" / f"{packages[0].name}_tests" / "__init__.py").exists()


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_tests_stand_in_packages(member: Path) -> None:
    files = [file for pattern in ("test_*.py", "conftest.py") for file in (member / "tests").rglob(pattern)]

    assert [] == [file for file in files if not (file.parent / "__init__.py").exists()]


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    folders = ("platform", "bffs", "services", "benchmarks")
    sources = [file for folder in folders for file in (ROOT / folder).glob("**/src/**/*.py")]
    written = [file for file in sources if not file.name.endswith(("_pb2.py", "_pb2_grpc.py"))]
    long = {str(file.relative_to(ROOT)): count for file in written if (count := _lines(file)) > 400}

    assert {} == long


def _lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())
