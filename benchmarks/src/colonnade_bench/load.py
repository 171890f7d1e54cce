"""Drives closed-loop load with wrk."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import msgspec

from colonnade_bench.errors import BenchError

CONNECTIONS = 32
PAUSING_CONNECTIONS = 128
"""Enough of them that an answer's time is little beside a pause."""
SCRIPT = files("colonnade_bench").joinpath("load.lua")


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw: `errors` counts broken connections, time-outs and answers above 399."""

    requests: int
    seconds: float
    errors: int
    p50_ms: float
    p99_ms: float


def find_wrk() -> str:
    """Return wrk. Raises `BenchError` where it is not installed."""
    found = shutil.which("wrk")
    if found is None:
        raise BenchError("wrk is not installed; on Debian: apt install wrk")
    return found


def drive(
    url: str,
    path: str,
    asking: Path | int,
    seconds: int,
    cores: str,
    rate: float = 0,
    body: Path | None = None,
) -> Load:
    """Load `url` for so many seconds from the processors `cores`: all it can take, or about `rate` a second.

    `asking` is a file of headers, one a line, that take turns, or a number of consumers of whom any one asks,
    named `consumer-0000000` and so on in the header `X-Consumer`. With a file `body`, its JSON is posted.
    """
    connections = PAUSING_CONNECTIONS if rate else CONNECTIONS
    pause = {"BENCH_PAUSE_MS": f"{1000 * connections / rate:.3f}"} if rate else {}
    posted = {"BENCH_BODY": str(body)} if body else {}
    command = ["taskset", "-c", cores, find_wrk(), "-t1", f"-c{connections}", f"-d{seconds}s"]
    who = "BENCH_CONSUMERS" if isinstance(asking, int) else "BENCH_CREDENTIALS"
    done = subprocess.run(
        [*command, "--script", str(SCRIPT), url],
        env=os.environ | {who: str(asking), "BENCH_PATH": path} | pause | posted,
        capture_output=True,
        text=True,
        timeout=seconds + 30,
        check=False,
    )
    return parse(done.stdout + done.stderr)


def parse(output: str) -> Load:
    """Return what the script printed. Raises `BenchError` where it printed nothing."""
    lines = [line for line in output.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise BenchError(f"wrk measured nothing: {output.strip()[:300]}")
    return msgspec.json.decode(lines[-1].removeprefix("RESULT "), type=Load)
