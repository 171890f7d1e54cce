"""Runs a package manager."""

import shutil
import subprocess
from pathlib import Path

from colonnade_bench.subject import UnavailableError

TIMEOUT_S = 180.0


def run(*argv: str | Path, cwd: Path | None = None) -> str:
    """Return what `argv` printed. Raises `UnavailableError` where it is missing, fails or takes minutes."""
    program = str(argv[0])
    if shutil.which(program) is None:
        raise UnavailableError(f"{Path(program).name} is not installed here")
    try:
        ended = subprocess.run(
            argv,
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"{Path(program).name} did not end within {TIMEOUT_S:g} s") from None
    if ended.returncode != 0:
        said = (ended.stderr or ended.stdout).strip().splitlines()
        raise UnavailableError(f"{Path(program).name} failed: {said[-1] if said else 'it gave no reason'}")
    return ended.stdout
