"""One process of the stack through all its lives: started, watched, started again, stopped."""

import asyncio
import contextlib
import random
import signal
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from colonnade.errors import WorkError
from colonnade.local.backoff import restart_delay
from colonnade.local.guard import signal_group
from colonnade.local.guarding import Guard
from colonnade.local.health import Answer, ask
from colonnade.local.output import Output
from colonnade.local.spec import ProcessSpec
from colonnade.local.state import started

CHUNK = 64 * 1024
GROUP_END_S = 0.5

GATE = ("/bin/sh", "-c", 'read -r go && exec "$@" </dev/null', "gate")
"""Holds a new process back until the guard knows it, so that no moment is left to lose it in."""


class State(StrEnum):
    """What a process does now."""

    STARTING = "starting"
    HEALTHY = "healthy"
    WAITING = "waiting"  # to be started again
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Timing:
    """How often and how patiently a process is asked, in seconds. A hang is `misses` silences in a row."""

    start_s: float = 60.0
    start_every_s: float = 0.03
    every_s: float = 5.0
    answer_s: float = 3.0
    misses: int = 3
    stop_s: float = 8.0


PATIENT = Timing()

LACKS = {
    b"fs.inotify.max_user_instances": (
        "the system has no inotify instance left (editors and file watchers hold them)",
        "sudo sysctl fs.inotify.max_user_instances=1024",
    )
}
"""By words of a last message: what the system lacks, and what to do. Envoy buries them under a backtrace."""


class StartError(WorkError):
    """A process ended, or stayed silent, before it was ever healthy."""


class Child:
    """A process that is kept alive. `changed` is called whenever its state or pid changes."""

    def __init__(
        self,
        spec: ProcessSpec,
        guard: Guard,
        output: Output,
        changed: Callable[[], None],
        timing: Timing = PATIENT,
    ) -> None:
        self.spec = spec
        self.state = State.STARTING
        self.pid: int | None = None
        self.started: float | None = None
        self.restarts = 0
        self._guard = guard
        self._output = output
        self._changed = changed
        self._timing = timing
        self._healthy_since: float | None = None
        self._lives: list[float] = []
        self._tail = b""
        self._lack: tuple[str, str] | None = None
        self._ready = asyncio.Event()
        self._stopping = asyncio.Event()
        self._again = asyncio.Event()
        self._leaving = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Return when the process is healthy for the first time. Raises `StartError`."""
        self._task = asyncio.create_task(self._live())
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait({self._task, ready}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if not self._ready.is_set():
            await self._task

    async def stop(self) -> None:
        """Ask the process to end, kill it if it does not, and return when its group is gone."""
        self._stopping.set()
        if self._task is not None:
            with contextlib.suppress(StartError):
                await self._task

    async def leave(self) -> None:
        """Don't start the process again when it ends; return when it has, or is to be stopped."""
        self._leaving = True
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait(
            {stopping, *([self._task] if self._task else [])}, return_when=asyncio.FIRST_COMPLETED
        )
        stopping.cancel()

    async def again(self) -> None:
        """End the process and start it anew at the same place; return when it is healthy.

        Raises `WorkError` where it is not; it is tried on and on then.
        """
        old, deadline = self.pid, time.monotonic() + self._timing.start_s
        self._again.set()
        while self.pid == old or self.state is not State.HEALTHY:
            if time.monotonic() > deadline or self.state is State.STOPPED:
                raise WorkError(f"{self.spec.name} is not healthy again", f"see bff logs {self.spec.name}")
            await asyncio.sleep(self._timing.start_every_s)

    async def _live(self) -> None:
        try:
            while not self._over_for_good:
                await self._one_life()
                if not self._over_for_good:
                    await self._pause()
        finally:
            self.pid = self.started = None
            self._set(State.STOPPED)

    async def _one_life(self) -> None:
        self._healthy_since = None
        self._again.clear()
        try:
            process = await self._spawn()
        except OSError as error:
            self._over(f"cannot be started: {error}", healthy_s=0.0)
            return
        reading = asyncio.create_task(self._read(process))
        try:
            why = await self._watch(process)
        finally:
            await self._end(process)
            await self._heard_out(reading)
            self._guard.forget(process.pid)
        since = self._healthy_since
        self._over(why, time.monotonic() - since if since is not None else 0.0)

    @property
    def _over_for_good(self) -> bool:
        return self._stopping.is_set() or self._leaving

    @property
    def _asked(self) -> bool:
        """Whether it ends because we want it to."""
        return self._over_for_good or self._again.is_set()

    def _over(self, why: str, healthy_s: float) -> None:
        if self._asked:
            return
        self._lives.append(healthy_s)
        if not self._ready.is_set():
            raise self._failure(why)
        self._output.say(f"{self.spec.name} {why}; starting it again")

    async def _spawn(self) -> Process:
        self._set(State.STARTING)
        process = await asyncio.create_subprocess_exec(
            *GATE,
            *self.spec.argv,
            stdin=PIPE,
            stdout=PIPE,
            stderr=STDOUT,
            env=dict(self.spec.env),
            cwd=self.spec.cwd,
            start_new_session=True,
        )
        self._guard.watch(process.pid)
        process.stdin.write(b"go\n")  # type: ignore[union-attr]  # it was asked for above
        process.stdin.close()  # type: ignore[union-attr]  # as above
        self.pid, self.started = process.pid, started(process.pid)
        self._changed()
        return process

    async def _watch(self, process: Process) -> str:
        """Return why this life is over: it ended, it hangs, or it shall stop."""
        ended = asyncio.create_task(process.wait())
        silent = asyncio.create_task(self._until_silent())
        stopping = asyncio.create_task(self._stopping.wait())
        again = asyncio.create_task(self._again.wait())
        tasks = {ended, silent, stopping, again}
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks - {ended}:
            task.cancel()
        if ended in done:
            return _ending(ended.result())
        ended.cancel()
        return silent.result() if silent in done else "was stopped"

    async def _until_silent(self) -> str:
        timing, health = self._timing, self.spec.health
        deadline = time.monotonic() + timing.start_s
        while await ask(health, timing.answer_s) is not Answer.WELL:
            if time.monotonic() > deadline:
                return f"was not healthy within {timing.start_s:g} s"
            await asyncio.sleep(timing.start_every_s)
        self._healthy_since = time.monotonic()
        self._ready.set()
        self._set(State.HEALTHY)
        missed = 0
        while missed < timing.misses:
            await asyncio.sleep(timing.every_s)
            # A bad answer is an answer: it often tells of something else, which no restart would mend.
            missed = missed + 1 if await ask(health, timing.answer_s) is Answer.NONE else 0
        return f"left {missed} health checks unanswered"

    async def _end(self, process: Process) -> None:
        """End the process and whatever it has started."""
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            most_s = self._timing.stop_s if self._asked else 1.0
            try:
                async with asyncio.timeout(most_s):
                    await process.wait()
            except TimeoutError:
                self._output.say(f"{self.spec.name} did not end within {most_s:g} s, and is killed")
        signal_group(process.pid, signal.SIGKILL)
        await process.wait()
        # A worker that it left behind may hold the port for another moment.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GROUP_END_S):
                while signal_group(process.pid, 0):  # noqa: ASYNC110 - the system sends no event
                    await asyncio.sleep(0.01)

    async def _heard_out(self, reading: asyncio.Task[None]) -> None:
        # A grandchild that left the group may hold the pipe; it shall not hold us.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await reading

    async def _pause(self) -> None:
        self.restarts += 1
        self._set(State.WAITING)
        delay = restart_delay(self._lives, random.random())  # noqa: S311 - it only spreads restarts
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._stopping.wait()

    async def _read(self, process: Process) -> None:
        """Hand on whole lines, many at a time."""
        stream, rest = process.stdout, b""
        while stream is not None and (chunk := await stream.read(CHUNK)):
            lines, newline, rest = (rest + chunk).rpartition(b"\n")
            if newline:
                self._hear(lines + newline)
            elif len(rest) > CHUNK:
                self._hear(rest + b"\n")
                rest = b""
        if rest:
            self._hear(rest + b"\n")

    def _hear(self, lines: bytes) -> None:
        if not self._ready.is_set():
            self._tail = (self._tail + lines)[-2000:]
            self._lack = next((lack for word, lack in LACKS.items() if word in lines), self._lack)
        self._output.write(self.spec.name, lines)

    def _failure(self, why: str) -> StartError:
        if self._lack is not None:
            lack, remedy = self._lack
            return StartError(f"{self.spec.name} {why}: {lack}", remedy)
        said = [line for line in self._tail.decode(errors="replace").splitlines() if line.strip()][-5:]
        text = "".join(f"\n    {line}" for line in said)
        return StartError(f"{self.spec.name} {why}{text}", f"all it said: bff logs {self.spec.name}")

    def _set(self, state: State) -> None:
        self.state = state
        self._changed()


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"
