"""The pictures of the documentation are those of the implementation."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_plots_of_the_limits_are_drawn_by_what_runs() -> None:
    """Else: .venv/bin/python docs/limits/plot.py"""
    plots: dict[Path, str] = runpy.run_path(str(ROOT / "docs" / "limits" / "plot.py"))["plots"]()

    drawn = {file.name: picture for file, picture in plots.items()}

    assert {file.name: file.read_text(encoding="utf-8") for file in plots} == drawn
