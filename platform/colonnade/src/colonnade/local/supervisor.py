"""All processes of a stack: started in the order of need, stopped in reverse."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence

from colonnade.local import hot
from colonnade.local.child import PATIENT, Child, Timing
from colonnade.local.drain import drain
from colonnade.local.guarding import Guard
from colonnade.local.output import Output
from colonnade.local.spec import ProcessSpec, layers


class Supervisor:
    """Keeps the processes of one stack. `on_change` is called whenever one of them changes."""

    def __init__(self, guard: Guard, output: Output, timing: Timing = PATIENT) -> None:
        self.children: dict[str, Child] = {}
        self._retiring: dict[Child, asyncio.Task[None]] = {}
        self._guard = guard
        self._output = output
        self.on_change: Callable[[], None] = lambda: None
        self._timing = timing

    async def start(self, specs: Sequence[ProcessSpec]) -> None:
        """Start processes, each as soon as those that it comes after are healthy.

        Returns when all are. Raises the first `StartError`; the others are left as they are then.
        """
        healthy = {spec.name: asyncio.Event() for spec in specs}
        tasks = [asyncio.create_task(self._start_one(spec, healthy)) for spec in specs]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def start_beside(self, spec: ProcessSpec) -> Child:
        """Start a process beside the one of its name, and return it when it is healthy; see `adopt`.

        Raises `StartError`, with nothing left behind.
        """
        child = self._make(spec)
        try:
            await child.start()
        except BaseException:
            await child.stop()
            raise
        return child

    def adopt(self, child: Child) -> Child | None:
        """Let `child` take the place of its name; return the one that had it, to be stopped."""
        old = self.children.get(child.spec.name)
        self.children[child.spec.name] = child
        self.on_change()
        return old

    def retire(self, child: Child, drained: Coroutine[None, None, None]) -> None:
        """Stop a child whose place another has, as soon as `drained` returns or `stop` is called."""
        self._retiring[child] = asyncio.create_task(self._retire(child, drained))

    async def retired(self, name: str) -> None:
        """Return when nothing retires any more that had this name."""
        await asyncio.gather(*(task for child, task in self._retiring.items() if child.spec.name == name))

    async def stop(self, names: Iterable[str] | None = None) -> None:
        """Drain the edges among the named processes (or all), then stop in the reverse order of starting."""
        chosen = {name: self.children[name] for name in (list(self.children) if names is None else names)}
        retiring = [child for child in self._retiring if child.spec.name in chosen]
        drained = [child for child in chosen.values() if child.pid is not None and child.spec.drained]
        ports = [child.spec.admin_port for child in drained]
        await asyncio.gather(*(drain(port) for port in ports if port is not None))
        for layer in reversed(layers([child.spec for child in chosen.values()])):
            names = {spec.name for spec in layer}
            await asyncio.gather(*(chosen[name].stop() for name in names))
            # An Envoy does not end for many seconds where the one that it follows has gone before.
            await asyncio.gather(*(child.stop() for child in retiring if child.spec.name in names))
        for name, child in chosen.items():
            hot.forget(child.spec)
            del self.children[name]
        self.on_change()

    async def _retire(self, child: Child, drained: Coroutine[None, None, None]) -> None:
        try:
            draining, gone = asyncio.create_task(drained), asyncio.create_task(child.leave())
            await asyncio.wait({draining, gone}, return_when=asyncio.FIRST_COMPLETED)
            draining.cancel()
            gone.cancel()
            await child.stop()
        finally:
            del self._retiring[child]

    def _make(self, spec: ProcessSpec) -> Child:
        return Child(spec, self._guard, self._output, self._changed, self._timing)

    def _changed(self) -> None:
        self.on_change()

    async def _start_one(self, spec: ProcessSpec, healthy: dict[str, asyncio.Event]) -> None:
        for name in spec.after:
            if name in healthy:
                await healthy[name].wait()
        child = self._make(spec)
        self.children[spec.name] = child
        await child.start()
        healthy[spec.name].set()
