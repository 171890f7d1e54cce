"""The environment imports the members of its own workspace, and nothing else."""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

from colonnade.scaffold import workspace

SCRIPT = Path(workspace.__file__)


def make_member(root: Path, folder: str, package: str) -> Path:
    source = root / folder / "src"
    (source / package).mkdir(parents=True)
    (source / package / "__init__.py").write_text("")
    return source


def test_members_are_found_in_their_three_places(tmp_path: Path) -> None:
    expected = [
        make_member(tmp_path, "platform/edge", "edge_x"),
        make_member(tmp_path, "services/order", "order_x"),
        make_member(tmp_path, "bffs/mobile", "mobile_x"),
        make_member(tmp_path, "bffs/web", "web_x"),
    ]
    (tmp_path / "bffs" / "empty").mkdir()

    assert expected == workspace.source_folders(tmp_path)


def test_the_script_makes_members_importable_and_forgets_removed_ones(tmp_path: Path) -> None:
    environment = tmp_path / "env"
    venv.create(environment, with_pip=False, symlinks=True)
    python = environment / "bin" / "python"
    first = make_member(tmp_path, "bffs/tv", "tv_bff")
    subprocess.run([python, SCRIPT, tmp_path, environment], check=True)
    subprocess.run([python, "-P", "-c", "import tv_bff"], check=True, cwd="/")

    shutil.rmtree(first)
    make_member(tmp_path, "bffs/car", "car_bff")
    subprocess.run([python, SCRIPT, tmp_path, environment], check=True)

    assert workspace.pth_file(environment).read_text() == f"{tmp_path}/bffs/car/src\n"


def test_wrong_use_is_told(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, SCRIPT, tmp_path], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (2, "usage: workspace.py ROOT VENV\n")


def test_an_environment_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, tmp_path, tmp_path / "none"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr.startswith("bff: ")
    assert "Traceback" not in done.stderr
