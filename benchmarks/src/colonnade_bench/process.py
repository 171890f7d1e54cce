"""Starts programs, waits until they listen, and ends them with all that they started."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from colonnade.errors import WorkError
from colonnade_bench.cores import Cores
from colonnade_bench.subject import Program

HOST = "127.0.0.1"
READY_S = 20.0
STOP_S = 3.0
POLL_S = 0.02


@contextmanager
def running(program: Program, cores: Cores, folder: Path, *, load: bool = False) -> Iterator[int]:
    """Run `program` and give its process id once it listens; end its process group afterwards.

    Raises `WorkError` with the end of what it wrote where it does not get that far.
    """
    log = folder / f"{program.port}.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            cores.pinned(program.argv, load=load),
            env={**os.environ, **program.env},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            # Access logs are written, as in production, and thrown away.
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, program, log)
        yield process.pid
    finally:
        _end(process)


def _wait_until_ready(process: subprocess.Popen[bytes], program: Program, log: Path) -> None:
    deadline = time.monotonic() + READY_S
    while not _listens(program.port):
        ended = process.poll() is not None
        if ended or time.monotonic() > deadline:
            said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:]
            what = "ended" if ended else f"did not listen within {READY_S:g} s"
            raise WorkError("\n".join([f"{Path(program.argv[0]).name} {what}", *said]))
        time.sleep(POLL_S)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the group: politely, then for certain."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        # The leader may be gone while others of its group are not.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_S)
