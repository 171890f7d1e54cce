"""Drives load: wrk in a closed loop, a fixed number of connections that each wait for their answer."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import msgspec

from colonnade.errors import WorkError
from colonnade_bench.cores import Cores

SCRIPT = Path(__file__).with_name("requests.lua")
GRACE_S = 20.0


class Figures(msgspec.Struct, frozen=True):
    """What the script printed at the end of one run. Latencies are in microseconds."""

    requests: int
    duration_us: int
    p50_us: int
    p99_us: int
    failed: int


@dataclass(frozen=True, slots=True)
class Load:
    """How load is made: the program, its connections, and a file of bearer tokens, one a line, if any."""

    wrk: Path
    cores: Cores
    connections: int
    tokens: Path | None = None

    def run(self, url: str, seconds: float, headers: tuple[str, ...] = ()) -> Figures:
        """Load `url` for `seconds` and return the figures. Raises `WorkError` where a request failed."""
        argv = self.cores.pinned(self._argv(url, seconds, headers), load=True)
        try:
            ended = subprocess.run(
                argv, capture_output=True, text=True, timeout=seconds + GRACE_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise WorkError(f"wrk did not end within {seconds + GRACE_S:g} s") from None
        if ended.returncode != 0:
            raise WorkError(f"wrk failed: {(ended.stderr or ended.stdout).strip()}")
        return read(ended.stdout)

    def _argv(self, url: str, seconds: float, headers: tuple[str, ...]) -> tuple[str, ...]:
        added = tuple(text for header in headers for text in ("--header", header))
        tokens = ("--", str(self.tokens)) if self.tokens else ()
        fixed = ("--threads", "1", "--timeout", "5s", "--script", str(SCRIPT))
        # wrk knows whole seconds only.
        amount = ("--connections", str(self.connections), "--duration", f"{max(1, round(seconds))}s")
        return (str(self.wrk), *fixed, *amount, *added, url, *tokens)


def read(output: str) -> Figures:
    """Return the figures in what wrk printed.

    Raises `WorkError` where there are none, or where requests failed: then the work was not done.
    """
    lines = [line for line in output.splitlines() if line.startswith('{"requests"')]
    if not lines:
        raise WorkError("wrk printed no figures")
    figures = msgspec.json.decode(lines[-1], type=Figures)
    if figures.failed or not figures.requests:
        raise WorkError(f"{figures.failed} requests failed, {figures.requests} were answered")
    return figures
