"""The `bff` launcher on machines that are not ready for it, and on those that are."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.platform_folder import ROOT, bff, make_platform


@pytest.fixture
def platform(tmp_path: Path) -> Path:
    return make_platform(tmp_path / "shop")


def launch(platform: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(platform / "bff"), *arguments],
        env=os.environ | {"BFF_VENV": str(platform / "venv")} | environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture
def old_python(tmp_path: Path) -> str:
    """A Python that nothing can be made with."""
    old = tmp_path / "python3.9"
    old.write_text("#!/bin/sh\n[ $1 = --version ] && echo Python 3.9.2\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    return str(old)


def test_an_old_python_is_told_with_what_to_do(platform: Path, old_python: str) -> None:
    done = launch(platform, "--version", PYTHON=old_python)

    assert done.returncode == 2
    assert "Python 3.11 or newer" in done.stderr
    assert "Python 3.9.2" in done.stderr
    assert "PYTHON=" in done.stderr


def test_an_unreachable_index_is_told_and_nothing_half_made_is_used(platform: Path, old_python: str) -> None:
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1"}
    nowhere |= {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": ""}

    done = launch(platform, "--version", **nowhere)

    assert done.returncode == 1
    assert "package index cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr
    again = launch(platform, "--version", PYTHON=old_python)
    assert "Python 3.11 or newer" in again.stderr, "it is made anew"


def test_a_package_with_another_hash_is_refused(platform: Path) -> None:
    constraints = platform / "constraints.txt"
    text = constraints.read_text(encoding="utf-8")
    wrong = "\n".join(
        line.replace(line.split("sha256:")[1][:8], "00000000") if "sha256:" in line else line
        for line in text.splitlines()
    )
    constraints.write_text(wrong, encoding="utf-8")

    done = launch(platform, "--version")

    assert done.returncode == 1
    assert "constraints.txt pins" in done.stderr


def test_the_launcher_works_from_any_folder_and_through_a_link(platform: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "absolute").symlink_to(platform / "bff")
    (elsewhere / "relative").symlink_to(Path("../shop/bff"))
    (elsewhere / "twice").symlink_to("relative")

    assert bff(platform, "--version").stdout.startswith("bff")
    for command in (str(platform / "bff"), "./absolute", "./relative", "./twice"):
        done = subprocess.run(
            [command, "routes"],
            cwd=elsewhere,
            env=os.environ | {"BFF_VENV": os.environ.get("BFF_VENV", str(ROOT / ".venv"))},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (0, "") == (done.returncode, done.stderr), command
