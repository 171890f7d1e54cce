"""Peers in Node, installed from npm once."""

import shutil
import subprocess
from pathlib import Path

from colonnade_bench.errors import BenchError

NODE = 20
PEERS = Path(__file__).parents[3] / "peers"
INSTALL = ("install", "--omit=dev", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts")


def install(cache: Path, name: str) -> Path:
    """Return the folder of an installed peer. Raises `BenchError` where Node is missing or too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise BenchError(f"node and npm are not installed; Node {NODE} or newer is needed")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.removeprefix("v").partition(".")[0]) < NODE:
        raise BenchError(f"Node {NODE} or newer is needed, found {version.strip()}")
    folder = cache / name
    shutil.copytree(PEERS / name, folder, dirs_exist_ok=True)
    wanted, marker = (folder / "package.json").read_text(encoding="utf-8"), folder / "installed.json"
    if not marker.exists() or marker.read_text(encoding="utf-8") != wanted:
        done = subprocess.run([npm, *INSTALL], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"npm install failed: {done.stderr.strip()[-300:]}")
        marker.write_text(wanted, encoding="utf-8")
    return folder
