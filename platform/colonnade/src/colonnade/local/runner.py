"""Runs one stack, from the first process to the last."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Collection, Coroutine, Iterator
from dataclasses import dataclass

from colonnade.errors import ColonnadeError
from colonnade.ir.platform import Platform
from colonnade.local import certificates
from colonnade.local.child import StartError
from colonnade.local.configuration import Configuration, Source, on_disk
from colonnade.local.control.server import serving
from colonnade.local.guarding import Guard
from colonnade.local.layout import Layout
from colonnade.local.live import Stamp, follow, stamp
from colonnade.local.machine import find_machine
from colonnade.local.order import Order
from colonnade.local.orders import Orders
from colonnade.local.output import Output, Show
from colonnade.local.plan import plan
from colonnade.local.ports import allot, default_ports, edge_name, free_ports, is_free
from colonnade.local.publishing import Publisher
from colonnade.local.restart import renew
from colonnade.local.stack import Stack
from colonnade.local.state import StackState, only_one
from colonnade.local.supervisor import Supervisor
from colonnade.local.versions.store import Versions

ATTEMPTS = 3
"""Free ports are given back before they are used, so another program may be faster."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Who wants to know: the lines of the processes, each step of the start, and the end of it."""

    show: Show | None
    progress: Callable[[int, int], None]
    ready: Callable[[StackState], None]


async def run(order: Order, listener: Listener) -> None:
    """Run the stack until SIGTERM or SIGINT, then stop it; nothing is left behind.

    Raises `ColonnadeError` where it cannot be started.
    """
    seen, source = stamp(order.root), on_disk(order.root)
    layout = Layout(order.root)
    layout.make()
    with only_one(layout):
        stop = asyncio.Event()
        with _signals(stop), contextlib.closing(Output(layout, listener.show)) as output:
            guard = Guard()
            await guard.open()
            try:
                await _Run(order, listener, layout, output, guard, stop).go(source, seen)
            finally:
                await guard.close()


class _Run:
    def __init__(
        self,
        order: Order,
        listener: Listener,
        layout: Layout,
        output: Output,
        guard: Guard,
        stop: asyncio.Event,
    ) -> None:
        self.order = order
        self.listener = listener
        self.layout = layout
        self.output = output
        self.guard = guard
        self.stop = stop

    async def go(self, source: Source, seen: Stamp) -> None:
        stack = await self._start(source.platform)
        if stack is None:
            return
        configuration = Configuration(stack, Versions(self.layout.versions))
        configuration.begin(source)

        async def renewed(parts: Collection[str]) -> None:
            async with configuration.changing:
                await renew(stack, parts)

        following = asyncio.gather(
            follow(self.order.root, seen, configuration.apply),
            certificates.follow(self.layout, lambda: stack.platform, self.output.say, renewed),
        )
        async with serving(self.layout.control_socket, Orders(stack, configuration).carry):
            self.listener.ready(stack.snapshot())
            await self.stop.wait()
        self.output.say("stopping")
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following
        await stack.supervisor.stop()

    async def _start(self, platform: Platform) -> Stack | None:
        """Return the healthy stack, or None where it was to stop before."""
        for attempt in range(1, ATTEMPTS + 1):
            stack = self._stack(platform)
            try:
                if not await self._unless_stopped(stack.start()):
                    await stack.supervisor.stop()
                    return None
            except ColonnadeError as error:
                await stack.supervisor.stop()
                if attempt == ATTEMPTS or not self._clashed(stack, error):
                    self.output.say(error.message)
                    raise
            else:
                return stack
        raise AssertionError  # the last attempt returns or raises

    def _stack(self, platform: Platform) -> Stack:
        wishes = default_ports(platform, self.order.edge_port)
        if self.order.ephemeral:
            own = self.order.edge_port
            wishes = free_ports(wishes, (edge_name(platform), own) if own else None)
        ports = allot(wishes)
        machine = find_machine(platform, self.layout)
        total = len(plan(platform, ports, machine))
        return Stack(
            platform,
            ports,
            machine,
            Supervisor(self.guard, self.output),
            Publisher(self.layout),
            self.output,
            ephemeral=self.order.ephemeral,
            progress=lambda done: self.listener.progress(done, total),
        )

    def _clashed(self, stack: Stack, error: ColonnadeError) -> bool:
        """Whether another program took a port that was free when it was chosen."""
        taken = isinstance(error, StartError) and not all(is_free(port) for port in stack.ports.values())
        return self.order.ephemeral and taken

    async def _unless_stopped(self, work: Coroutine[None, None, None]) -> bool:
        task = asyncio.create_task(work)
        stopping = asyncio.create_task(self.stop.wait())
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if task.done():
            task.result()
            return True
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, ColonnadeError):
            await task
        return False


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """Stop at the first SIGINT, SIGTERM or SIGHUP; at the second, leave the rest to the guard."""
    loop = asyncio.get_running_loop()

    def handle() -> None:
        if stop.is_set():
            sys.stderr.write("bff: killed what was left\n")
            os._exit(130)
        stop.set()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, handle)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
