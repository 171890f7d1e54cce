"""Processes forked from one that has imported what they run, which takes each a second by itself."""

import multiprocessing
import os
import runpy
import sys
from collections.abc import Mapping
from pathlib import Path

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["colonnade_edge.__main__", "colonnade_edge.console.__main__", "identity_service.__main__"]
)


class Process:
    """`python -m module` with this environment and no other; what it says is written to `log`."""

    def __init__(self, module: str, environment: Mapping[str, str], log: Path) -> None:
        self._forked = _CONTEXT.Process(target=_run, args=(module, dict(environment), str(log)), name=module)
        self._forked.start()

    def poll(self) -> int | None:
        """Return the exit code; None while it runs."""
        return self._forked.exitcode

    def wait(self, seconds: float) -> int | None:
        """Return the exit code, as soon as there is one; None where there is none in time."""
        self._forked.join(seconds)
        return self._forked.exitcode

    def terminate(self) -> None:
        """Ask it to end."""
        self._forked.terminate()

    def kill(self) -> None:
        """End it."""
        self._forked.kill()
        self._forked.join()


def _run(module: str, environment: Mapping[str, str], log: str) -> None:
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, sys.stdout.fileno())
    os.dup2(output, sys.stderr.fileno())
    os.close(output)
    os.environ.clear()
    os.environ.update(environment)
    sys.modules.pop(f"{module}.__main__", None)  # it is to run, not only to be there
    runpy.run_module(module, run_name="__main__", alter_sys=True)
