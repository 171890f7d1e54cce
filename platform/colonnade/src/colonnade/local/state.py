"""`state.json`: what runs in a platform's folder, for every other command to read."""

import contextlib
import fcntl
import os
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from colonnade.errors import UserError, WorkError
from colonnade.local.guard import signal_group
from colonnade.local.layout import Layout


@dataclass(frozen=True, slots=True)
class Process:
    """One process as it is now. `started` (seconds since 1970) tells it from another with the same pid."""

    pid: int | None
    url: str
    state: str
    restarts: int
    started: float | None
    log: str


@dataclass(frozen=True, slots=True)
class Runner:
    """The process that runs the stack."""

    pid: int
    started: float


@dataclass(frozen=True, slots=True)
class StackState:
    """One stack. `problems` say why the manifests as they are now are not in effect; `version` is what is.

    `edge_tls` is the edge's https URL, `edge_tls_ca` the certificate of the development CA to trust there.
    `metrics` are the URLs at which Prometheus reads what each process counts.
    """

    runner: Runner
    ready: bool
    edge: str
    edges: tuple[str, ...]
    console: str
    identity: str
    services: Mapping[str, str]
    bffs: Mapping[str, str]
    processes: Mapping[str, Process] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    version: int | None = None
    edge_tls: str | None = None
    edge_tls_ca: str | None = None
    metrics: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the state as JSON."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1).decode()


class AlreadyRunningError(UserError):
    """A stack runs in this folder."""

    def __init__(self, state: StackState | None) -> None:
        at = f" at {state.edge} (pid {state.runner.pid})" if state else ""
        super().__init__(f"this platform runs already{at}", "see bff ps, or stop it with bff down")


def read_state(layout: Layout) -> StackState | None:
    """Return what the state file says, whether or not it still holds; None where there is none."""
    try:
        return msgspec.json.decode(layout.state_file.read_bytes(), type=StackState)
    except (OSError, msgspec.MsgspecError):
        return None


def running_state(layout: Layout) -> StackState | None:
    """Return the state of the stack that runs in this folder now, or None."""
    return read_state(layout) if is_running(layout) else None


def require_running(layout: Layout) -> StackState:
    """Return the state of the running stack. Raises `WorkError` where none runs."""
    state = running_state(layout)
    if state is None or not state.ready:
        raise WorkError("this platform does not run" if state is None else "this platform is still starting",
                        "start it with bff up" if state is None else "try again in a moment")  # fmt: skip
    return state


def is_running(layout: Layout) -> bool:
    """Return whether a runner lives; its lock ends with it, however it ends."""
    try:
        with layout.lock_file.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


@contextlib.contextmanager
def only_one(layout: Layout) -> Iterator[None]:
    """Be the only runner in this folder. Raises `AlreadyRunningError` where another is."""
    with layout.lock_file.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(read_state(layout)) from None
        clean(layout)
        try:
            yield
        finally:
            layout.state_file.unlink(missing_ok=True)


def clean(layout: Layout) -> None:
    """End what a runner that was killed has left, should its guard have been killed too."""
    state = read_state(layout)
    for process in state.processes.values() if state else ():
        if process.pid is not None and runs(process.pid, process.started):
            signal_group(process.pid, signal.SIGKILL)
    layout.state_file.unlink(missing_ok=True)


def me() -> Runner:
    """Return this process as the runner."""
    return Runner(os.getpid(), started(os.getpid()) or 0.0)


def runs(pid: int | None, since: float | None) -> bool:
    """Return whether the process `pid` is still the one that was started at `since`."""
    if pid is None or since is None:
        return False
    now = started(pid)
    # Systems tell the time of the start by the clock, which is set now and then.
    return now is not None and abs(now - since) < 1


def started(pid: int) -> float | None:
    """Return when the process `pid` was started, in seconds since 1970; None where there is none."""
    import psutil  # noqa: PLC0415 - it takes a while to import, and most commands need none of it

    try:
        process = psutil.Process(pid)
        # What has ended, and only waits for its parent to ask how, does not run any more.
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return None


def write_text(file: Path, text: str) -> None:
    """Replace the contents of `file` in one step."""
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(file)
