"""The runner's end of the pipe to its guard."""

import asyncio
import contextlib
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process

from colonnade.local import guard


class Guard:
    """Tells the guard process what runs; starts another guard where one was lost."""

    def __init__(self) -> None:
        self._groups: set[int] = set()
        self._process: Process | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start the guard, and keep one running."""
        process = await self._start()
        self._keeping = asyncio.create_task(self._keep(process))

    async def close(self) -> None:
        """Let the guard go; it ends whatever it still knows."""
        if self._keeping is not None:
            self._keeping.cancel()
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            await self._process.wait()

    def watch(self, group: int) -> None:
        """Have the process group ended when the runner is gone."""
        self._groups.add(group)
        self._tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Take back `watch`, because the group has ended."""
        self._groups.discard(group)
        self._tell(f"-{group}\n")

    def _tell(self, text: str) -> None:
        # The pipe is empty but for moments, so this reaches the kernel at once.
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(text.encode())

    async def _keep(self, process: Process) -> None:
        while True:
            await process.wait()
            process = await self._start()

    async def _start(self) -> Process:
        # In a session of its own, so that Ctrl-C in the terminal does not reach it.
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", guard.__file__, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        self._process = process
        for group in self._groups:
            self._tell(f"+{group}\n")
        with contextlib.suppress(ConnectionError):
            await process.stdin.drain()  # type: ignore[union-attr]  # it was asked for above
        return process
