"""Debian packages, unpacked rather than installed, so that no service starts and no root is needed."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from colonnade_bench.fetch.command import run
from colonnade_bench.fetch.whole import whole
from colonnade_bench.subject import UnavailableError


@dataclass(frozen=True, slots=True)
class Tool:
    """A program, and the environment in which it finds the libraries that came with it."""

    path: Path
    env: Mapping[str, str]


def tool(name: str, package: str, cache: Path) -> Tool:
    """Return the program `name`: this machine's own, or that of `package` and what it depends on.

    Raises `UnavailableError` where neither can be had.
    """
    own = shutil.which(name)
    if own is not None:
        return Tool(Path(own), {})
    folder = whole(cache / "apt" / package, lambda partial: _unpack(package, partial))
    found = [folder / place / name for place in ("usr/sbin", "usr/bin") if (folder / place / name).exists()]
    if not found:
        raise UnavailableError(f"the package {package} holds no {name}")
    libraries = sorted({str(file.parent) for file in (folder / "usr" / "lib").glob("**/*.so*")})
    return Tool(found[0], {"LD_LIBRARY_PATH": ":".join(libraries)} if libraries else {})


def _unpack(package: str, folder: Path) -> None:
    run("apt-get", "download", *missing_packages(_plan(package)), cwd=folder)
    for archive in sorted(folder.glob("*.deb")):
        run("dpkg-deb", "--extract", archive, folder)
        archive.unlink()


def _plan(package: str) -> str:
    """What apt would install; it only says so."""
    try:
        return run("apt-get", "install", "--simulate", "--no-install-recommends", package)
    except UnavailableError as error:
        raise UnavailableError(error.message, f"run apt-get update, or install {package}") from error


def missing_packages(plan: str) -> list[str]:
    """Return the packages that a simulated installation names."""
    return [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
