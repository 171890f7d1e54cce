"""Runs `bff` commands in this process."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from colonnade.cli import exits
from colonnade.cli.app import app


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


class Bff:
    """The `bff` command of one platform."""

    def __init__(self, root: Path, capture: Callable[[], Any]) -> None:
        self.root = root
        self._capture = capture

    def __call__(self, *arguments: str) -> Done:
        """Run a command line."""
        code = exits.run(lambda: app(args=list(arguments), prog_name="bff"))
        captured = self._capture()
        return Done(code, captured.out, captured.err)


def bff_of(root: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Bff:
    """The `bff` command of the platform at `root`."""
    monkeypatch.setenv("COLONNADE_ROOT", str(root))
    monkeypatch.setenv("COLUMNS", "200")
    return Bff(root, capfd.readouterr)
