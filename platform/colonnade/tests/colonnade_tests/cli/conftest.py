"""The `bff` command in a small platform."""

from pathlib import Path

import pytest

from colonnade_tests.cli.command import Bff, bff_of
from colonnade_tests.local.platforms import write_platform


@pytest.fixture
def bff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Bff:
    """`bff` of a platform with one BFF, `mobile`, where nothing runs."""
    return bff_of(write_platform(tmp_path / "shop"), monkeypatch, capfd)
