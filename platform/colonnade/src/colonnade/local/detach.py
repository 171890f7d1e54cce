"""A runner in the background: started, waited for, stopped. The runner's side is `__main__`."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from colonnade.errors import ColonnadeError, UserError, WorkError
from colonnade.local.layout import Layout
from colonnade.local.order import Order
from colonnade.local.output import RUNNER
from colonnade.local.state import StackState, is_running, read_state, require_running, running_state, runs

STOP_S = 30.0
"""A stop takes a second or two; after so many, the runner is killed and its guard ends the rest."""

EVERY_S = 0.05


def start_detached(order: Order, progress: Callable[[int, int], None]) -> StackState:
    """Start a runner of its own session; return the state of the stack when it is healthy.

    Raises what the runner failed with. `progress` hears how many of how many processes are healthy.
    """
    layout = Layout(order.root)
    layout.make()
    argv = [sys.executable, "-P", "-m", "colonnade.local", str(order.root)]
    argv += [f"--port={order.edge_port}"] if order.edge_port else []
    argv += ["--ephemeral"] if order.ephemeral else []
    with layout.log(RUNNER).open("ab") as log:
        runner = subprocess.Popen(  # noqa: S603 - our own module, by its full path
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True
        )
    try:
        _wait(runner, progress)
    except KeyboardInterrupt:
        runner.terminate()
        runner.wait()
        raise
    finally:
        if runner.stdout is not None:
            runner.stdout.close()
    return require_running(layout)


def _wait(runner: "subprocess.Popen[bytes]", progress: Callable[[int, int], None]) -> None:
    for line in runner.stdout or ():
        told: dict[str, Any] = json.loads(line)
        if "progress" in told:
            progress(*told["progress"])
        elif "error" in told:
            runner.wait()
            raise _error(**told["error"])
        else:
            return
    code = runner.wait()
    if code == 0:
        raise WorkError("it was stopped before everything was healthy")
    raise WorkError(f"the runner ended with exit code {code}", f"see bff logs {RUNNER}")


def _error(message: str, hint: str, exit_code: int) -> ColonnadeError:
    kind = UserError if exit_code == UserError.exit_code else WorkError
    return kind(message, hint)


def stop(layout: Layout) -> bool:
    """Stop the stack in this folder; return whether one ran. Nothing of it is left then."""
    state = _state_of_running(layout)
    if state is None:
        return False
    if runs(state.runner.pid, state.runner.started):
        os.kill(state.runner.pid, signal.SIGTERM)
    if not _within(STOP_S, lambda: not is_running(layout)):
        os.kill(state.runner.pid, signal.SIGKILL)
    last = read_state(layout) or state
    gone = _within(STOP_S, lambda: not is_running(layout) and not _left(last))
    if not gone:
        raise WorkError(f"still there: {', '.join(_left(last))}", "bff up ends them before it starts")
    return True


def _state_of_running(layout: Layout) -> StackState | None:
    """The state of the runner, which may have started a moment ago."""
    _within(STOP_S, lambda: not is_running(layout) or read_state(layout) is not None)
    return running_state(layout)


def _left(state: StackState) -> list[str]:
    return [name for name, process in state.processes.items() if runs(process.pid, process.started)]


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not (held := condition()) and time.monotonic() < deadline:
        time.sleep(EVERY_S)
    return held
