"""The README's tour works as printed, word for word but for addresses, which here are free ones."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platform_folder import ROOT, Stack, bff, venv

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

README = (ROOT / "README.md").read_text(encoding="utf-8")
TOUR = re.findall(r"<!-- tour -->\n```console\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def _tidy(stack: Stack) -> Iterator[None]:
    yield
    if (stack.folder / "bffs/tv").exists():
        bff(stack.folder, "remove", "tv", "--yes", "--force")


@pytest.mark.usefixtures("_tidy")
@pytest.mark.parametrize("block", TOUR, ids=["browser", "mobile", "device", "limit", "new"])
def test_the_tour_prints_what_the_readme_shows(stack: Stack, block: str) -> None:
    commands = re.findall(r"^\$ (.*(?:\n {4}.*)*)", block, re.MULTILINE)
    expected = "\n".join(line for line in block.splitlines() if not line.startswith(("$ ", "    ")))
    script = "\n".join(commands).replace("http://127.0.0.1:8080", stack.edge)

    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=stack.folder,
        env=os.environ | {"BFF_VENV": str(venv()), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert _lines(expected) == _lines(done.stdout)


def _lines(text: str) -> list[object]:
    """JSON answers by their content (curl ends them without a line break), other lines as they are."""
    spread = text.replace("}{", "}\n{").strip()
    return [json.loads(line) if line.startswith("{") else line for line in spread.splitlines()]


def test_the_readme_names_files_that_exist() -> None:
    names = re.findall(r"\]\(((?!http)[^)]+)\)", README)

    assert [name for name in names if not Path(ROOT / name).exists()] == []
