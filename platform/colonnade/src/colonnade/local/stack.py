"""A running stack: its platform, ports and processes, and how they change together."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from colonnade.errors import ColonnadeError, WorkError
from colonnade.ir.instances import numbered
from colonnade.ir.platform import Platform
from colonnade.local import addresses, certificates, state
from colonnade.local.changes import Change, difference, needs_restart, pinned
from colonnade.local.child import Child, State
from colonnade.local.output import Output
from colonnade.local.plan import Machine, plan
from colonnade.local.ports import ANY, Ports, allot, default_ports, new_ports
from colonnade.local.publishing import Publisher, compile_platform
from colonnade.local.spec import ProcessSpec
from colonnade.local.supervisor import Supervisor

TAKEN_UP_S = 1.0
"""Envoy takes a published change within half a second; then nothing new reaches what is to be stopped."""


class Stack:
    """One stack of processes; `ports` are those it has now."""

    def __init__(
        self,
        platform: Platform,
        ports: Ports,
        machine: Machine,
        supervisor: Supervisor,
        publisher: Publisher,
        output: Output,
        *,
        ephemeral: bool,
        progress: Callable[[int], None],
    ) -> None:
        self.platform = platform
        self.ports = dict(ports)
        self.machine = machine
        self.supervisor = supervisor
        self.publisher = publisher
        self.output = output
        self.ephemeral = ephemeral
        self.ready = False
        self.problems: tuple[str, ...] = ()
        self._runner = state.me()
        self._live = tuple(addresses.edges(platform, ports))
        self._progress = progress
        supervisor.on_change = self.changed

    async def start(self) -> None:
        """Start everything; return when all is healthy."""
        await asyncio.to_thread(self.publisher.prepare, self.platform, self.ports)
        valid = asyncio.create_task(self.publisher.validate(self.platform, self.ports))
        starting = asyncio.create_task(self.supervisor.start(plan(self.platform, self.ports, self.machine)))
        try:
            done, _ = await asyncio.wait({valid, starting}, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in (valid, starting):
                task.cancel()
            await asyncio.gather(valid, starting, return_exceptions=True)
        self.ready = True
        self.changed()

    async def apply(self) -> None:
        """Bring the manifests as they are now into effect; wrong ones change nothing."""
        try:
            platform = await asyncio.to_thread(compile_platform, self.machine.layout.root)
            notes = needs_restart(self.platform, platform)
            change = await self._take_up(pinned(self.platform, platform))
        except ColonnadeError as error:
            self._refuse(error.message)
        except Exception as error:  # noqa: BLE001 - whatever it is, the stack goes on as it was
            self._refuse(f"unexpected {type(error).__name__}: {error}")
        else:
            self.problems = tuple(notes)
            for line in (*change.told(), *notes):
                self.output.say(line)
        self.changed()

    def _refuse(self, why: str) -> None:
        self.problems = (f"not taken up, the old configuration stays:\n{why}",)
        self.output.say(self.problems[0])

    async def _take_up(self, platform: Platform) -> Change:
        ports, change = self._next(platform)
        await self.publisher.validate(platform, ports)
        fresh = await self._start_all((*change.added, *change.changed))
        try:
            self.publisher.publish_policy(platform, ports, before=self.platform)
            self.publisher.publish_edges(platform, ports)
            self.publisher.publish_scrape(platform, ports)
        except OSError as error:
            await asyncio.gather(*(child.stop() for child in fresh))
            raise WorkError(f"cannot be published: {error}") from error
        gone_routes = {route.id for route in self.platform.routes} - {route.id for route in platform.routes}
        self.platform, self.ports = platform, ports
        old = [child for child in map(self.supervisor.adopt, fresh) if child is not None]
        if old or change.gone or gone_routes:
            await asyncio.sleep(TAKEN_UP_S)
        self.publisher.publish_policy(platform, ports)
        await asyncio.gather(*(child.stop() for child in old))
        await self.supervisor.stop(change.gone)
        return change

    def _next(self, platform: Platform) -> tuple[dict[str, int], Change]:
        """Return the ports of `platform`, and what has to be done to get there."""
        now = plan(self.platform, self.ports, self.machine)
        asked, had = default_ports(platform), default_ports(self.platform)
        ports = {name: port for name, port in self.ports.items() if name in asked}
        ports |= allot(new_ports(ports, had, asked, ephemeral=self.ephemeral))
        change = difference(now, plan(platform, ports, self.machine))
        # A changed process runs beside the old one for a moment, so it needs another port.
        own = [port for spec in change.changed for port in (spec.name, f"{spec.name}-metrics")]
        ports |= allot({name: ANY for name in own if name in ports and ports[name] == self.ports[name]})
        return ports, difference(now, plan(platform, ports, self.machine))

    async def _start_all(self, specs: Sequence[ProcessSpec]) -> list[Child]:
        """Start processes side by side; where one fails, stop the others and raise its error."""
        tasks = [asyncio.create_task(self.supervisor.start_beside(spec)) for spec in specs]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        children = [result for result in results if isinstance(result, Child)]
        errors = [result for result in results if isinstance(result, BaseException)]
        if errors:
            await asyncio.gather(*(child.stop() for child in children))
            raise errors[0]
        return children

    def changed(self) -> None:
        """Tell the world what runs now."""
        # On a full disk, the other commands see an old state; the stack itself goes on.
        with contextlib.suppress(OSError):
            state.write_text(self.machine.layout.state_file, self.snapshot().to_json())
        self._tell_live_edges()
        if not self.ready:
            self._progress(sum(child.state is State.HEALTHY for child in self.supervisor.children.values()))

    def _tell_live_edges(self) -> None:
        children = self.supervisor.children
        names = numbered("envoy", self.platform.edge.replicas)
        alive = [
            addresses.address(self.ports[name])
            for name in names
            if name in children and children[name].state is State.HEALTHY
        ]
        # While they start nobody is shared with yet, and if none is alive none can be told.
        if self.ready and alive and tuple(alive) != self._live:
            self._live = tuple(alive)
            with contextlib.suppress(OSError):
                self.publisher.publish_live(self.platform, alive)

    def snapshot(self) -> state.StackState:
        """Return what runs now."""
        platform, ports = self.platform, self.ports
        authority = certificates.authority(self.machine.layout, platform)
        return state.StackState(
            runner=self._runner,
            ready=self.ready,
            edge=addresses.edge_url(platform, ports),
            edges=tuple(edge.url for edge in addresses.edges(platform, ports)),
            console=addresses.address(ports["console"]).url,
            identity=addresses.issuer(platform, ports),
            services={
                service.name: service.url or addresses.address(ports[service.name]).url
                for service in platform.services
            },
            bffs={bff.name: addresses.address(ports[bff.name]).url for bff in platform.bffs},
            processes={name: self._process(child) for name, child in self.supervisor.children.items()},
            problems=self.problems,
            edge_tls=addresses.edge_tls_url(platform, ports),
            edge_tls_ca=str(authority) if authority else None,
            metrics={one.name: one.url for one in addresses.scraped(platform, ports)},
        )

    def _process(self, child: Child) -> state.Process:
        log = self.machine.layout.log(child.spec.name).relative_to(self.machine.layout.root)
        return state.Process(
            pid=child.pid,
            url=child.spec.url,
            state=child.state.value,
            restarts=child.restarts,
            started=child.started,
            log=str(log),
        )
