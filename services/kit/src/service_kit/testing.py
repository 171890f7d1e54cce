"""For tests of services: an application in this process, or the real process on a free port."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

START_S = 60.0


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Process:
    """A service in a process of its own."""

    popen: "subprocess.Popen[str]"
    url: str

    def kill(self) -> None:
        """End it as a crash would."""
        self.popen.kill()
        self.popen.wait()


@contextmanager
def process(module: str, data_dir: Path, **environment: str) -> Iterator[Process]:
    """Run `python -m module` on a free port until the context ends; it is healthy when it begins."""
    port = free_port()
    settings = {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "DATA_DIR": str(data_dir),
        "GRPC_PORT": str(free_port()),
    }
    popen = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", module], env=os.environ | settings | environment, text=True
    )
    try:
        yield Process(popen, wait_for(f"http://127.0.0.1:{port}", popen))
    finally:
        popen.terminate()
        with suppress(subprocess.TimeoutExpired):
            popen.wait(10)
        popen.kill()
        popen.wait()


def wait_for(url: str, popen: "subprocess.Popen[str]") -> str:
    """Return `url` when its health check answers. Raises `AssertionError` where the process ends first."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if popen.poll() is not None:
            raise AssertionError(f"ended with exit code {popen.returncode}")
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/healthz").is_success:
                return url
        time.sleep(0.02)
    raise AssertionError(f"not healthy within {START_S} s")
