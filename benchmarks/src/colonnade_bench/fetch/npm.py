"""Programs for Node.js."""

import hashlib
import shutil
from pathlib import Path

from colonnade_bench.fetch.command import run
from colonnade_bench.fetch.whole import whole
from colonnade_bench.subject import UnavailableError

OLDEST = 20


def node() -> tuple[Path, str]:
    """Return Node.js and its version. Raises `UnavailableError` where it is missing or too old."""
    version = run("node", "--version").strip().removeprefix("v")
    if int(version.partition(".")[0]) < OLDEST:
        raise UnavailableError(f"Node.js {OLDEST} or newer is needed, here is {version}")
    return Path(str(shutil.which("node"))), version


def installed(sources: Path, cache: Path) -> Path:
    """Return a copy of the folder `sources` with its dependencies; another content makes another copy."""
    files = sorted(file for file in sources.iterdir() if file.is_file())
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]

    def install(folder: Path) -> None:
        for file in files:
            shutil.copy(file, folder)
        run("npm", "install", "--omit=dev", "--no-audit", "--no-fund", "--no-package-lock", cwd=folder)

    return whole(cache / "npm" / f"{sources.name}-{digest}", install)
