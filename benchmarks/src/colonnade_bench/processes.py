"""Starts the processes under measurement, and reads the CPU time they take."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from colonnade_bench.errors import BenchError

HOST = "127.0.0.1"
START_S = 180.0


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    argv: Sequence[str], cores: str, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Run a program on the processors `cores` until the context ends; yields its process id."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "-c", cores, *argv],
            env=os.environ | dict(env or {}),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process.pid
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def wait_for(url: str, log: Path, accept: Sequence[int] = (200,)) -> None:
    """Return when `url` answers with an accepted status. Raises `BenchError` with the end of the log."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            if httpx.get(url, timeout=2).status_code in accept:
                return
        time.sleep(0.05)
    raise BenchError(f"{url} did not answer within {START_S:g} s: {log.read_text(errors='replace')[-400:]}")


def cpu_seconds(pids: Sequence[int]) -> float:
    """Return user and system time of these processes and all their children, in seconds."""
    family = [psutil.Process(pid) for pid in pids]
    family += [child for parent in family for child in parent.children(recursive=True)]
    return sum(times.user + times.system for times in (process.cpu_times() for process in family))
