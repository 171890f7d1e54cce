"""The commands as a person gives them: what they print, and how they end."""

import json
import os
import subprocess
import sys
from pathlib import Path

from colonnade_tests.scaffold.small_platform import put, small_platform, tree


def bff(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"COLONNADE_ROOT": str(root), "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-P", "-m", "colonnade", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
    )


def test_new_tells_what_it_made_and_what_to_do_next(tmp_path: Path) -> None:
    done = bff(small_platform(tmp_path), "new", "tv", "--kind", "mobile", "--owner", "@team-tv")

    assert done.returncode == 0
    assert "Made bffs/tv (mobile, @team-tv)" in done.stdout
    assert "/api/tv" in done.stdout
    assert "./bff test bffs/tv" in done.stdout


def test_new_and_remove_speak_json(tmp_path: Path) -> None:
    root = small_platform(tmp_path)

    made = json.loads(bff(root, "new", "tv", "--kind", "mobile", "--json").stdout)
    removed = json.loads(bff(root, "remove", "tv", "--yes", "--json").stdout)

    assert (made["folder"], made["prefix"], made["owner"]) == ("bffs/tv", "/api/tv", "@tv-team")
    assert removed["name"] == "tv"
    observability = ("prometheus.yml", "alerts.yml", "dashboard.json")
    changed = {"CODEOWNERS", "compose.yaml", *(f"deploy/observability/{name}" for name in observability)}
    assert set(removed["updated"]) == changed
    # The tests of the alerts are of the first BFF, which tv is not: they are written once.
    assert set(made["updated"]) == changed | {"deploy/observability/alerts_test.yml"}


def test_bad_input_ends_with_2_and_a_hint(tmp_path: Path) -> None:
    root = small_platform(tmp_path)
    before = tree(root)

    done = bff(root, "new", "tv", "--kind", "mobil")

    assert (done.returncode, done.stderr) == (
        2,
        "bff: there is no kind 'mobil'\n     did you mean 'mobile'?\n",
    )
    assert before == tree(root)


def test_nothing_is_removed_unasked(tmp_path: Path) -> None:
    root = small_platform(tmp_path)

    done = bff(root, "remove", "mobile")

    assert (done.returncode, done.stderr.splitlines()[-1].strip()) == (2, "give --yes")
    assert (root / "bffs" / "mobile").exists()


def test_init_refuses_a_folder_in_use(tmp_path: Path) -> None:
    root = small_platform(tmp_path / "source")
    put(tmp_path / "shop" / "notes.txt", "")

    done = bff(root, "init", str(tmp_path / "shop"))

    assert (done.returncode, done.stderr.splitlines()[-1].strip()) == (2, "choose a new folder")
    assert "Traceback" not in done.stderr
