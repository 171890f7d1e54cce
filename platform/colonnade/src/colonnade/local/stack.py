"""A running stack: its platform, ports and processes, and how they change together."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence

from colonnade.errors import WorkError
from colonnade.ir.instances import numbered
from colonnade.ir.platform import Platform
from colonnade.local import addresses, certificates, state
from colonnade.local.changes import Change, difference
from colonnade.local.child import Child, State
from colonnade.local.output import Output
from colonnade.local.plan import Machine, plan
from colonnade.local.ports import ANY, Ports, allot, default_ports, new_ports, ports_of
from colonnade.local.publishing import Publisher
from colonnade.local.spec import ProcessSpec
from colonnade.local.supervisor import Supervisor
from colonnade.local.taken_up import Reader, taken_up

UNDER_WAY_S = 0.5
"""What an edge began to send before it took a change reaches what is to be stopped within so many seconds."""

Trial = Callable[[Platform, Ports], Awaitable[Platform]]
"""Looks at a platform before all edges have it, and returns what those use that have tried it.

Raises `ColonnadeError` where the others shall not have it.
"""


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
        self.version: int | None = None
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

    async def switch(
        self, platform: Platform, ports: Ports, change: Change, trial: Trial | None = None
    ) -> None:
        """Bring a platform at these ports into effect: `change` is what leads there from what runs now.

        New processes start beside those that they follow; these are stopped once no edge sends them anything.
        With a `trial` it comes first. Raises what went wrong, with everything as it was.
        """
        await asyncio.to_thread(certificates.publish_change, self.machine.layout, self.platform, platform)
        fresh = await self._start_all((*change.added, *change.changed))
        used = [self.platform]
        try:
            if trial is not None:
                used.append(await trial(platform, ports))
            self.publisher.publish_policy(platform, ports, used)
            await self.deliver(platform, ports, self.readers())
            self.publisher.publish_scrape(platform, ports)
        except BaseException as error:
            await asyncio.gather(*(child.stop() for child in fresh))
            if isinstance(error, OSError):
                raise WorkError(f"cannot be published: {error}") from error
            raise
        gone_routes = {route.id for one in used for route in one.routes} - {
            route.id for route in platform.routes
        }
        self.platform, self.ports = platform, dict(ports)
        old = [child for child in map(self.supervisor.adopt, fresh) if child is not None]
        await self._taken_up()
        if old or change.gone or gone_routes:
            await asyncio.sleep(UNDER_WAY_S)
        self.publisher.publish_policy(platform, ports)
        await asyncio.gather(*(child.stop() for child in old))
        await self.supervisor.stop(change.gone)

    async def deliver(self, platform: Platform, ports: Ports, edges: Sequence[Reader]) -> None:
        """Publish a platform to these edges: the routes once what they name is ready."""
        for edge in edges:
            self.publisher.publish_upstreams(platform, ports, edge.number)
        await taken_up(edges)
        for edge in edges:
            self.publisher.publish_edge(platform, ports, edge.number)

    async def _taken_up(self) -> None:
        for name in await taken_up(self.readers()):
            self.output.say(f"{name} does not use what was published for it; see bff logs {name}")

    def readers(self) -> list[Reader]:
        """Return the edges, as those who read what is published."""
        names = numbered("envoy", self.platform.edge.replicas)
        layout = self.machine.layout
        return [
            Reader(name, number, layout.edge(number), self.ports[f"{name}-admin"])
            for number, name in enumerate(names, 1)
        ]

    def next_ports(self, platform: Platform) -> tuple[Ports, Change]:
        """Return the ports of `platform`, and what has to be done to get there."""
        asked, had = default_ports(platform), default_ports(self.platform)
        ports = {name: port for name, port in self.ports.items() if name in asked}
        wishes = new_ports(ports, had, asked, ephemeral=self.ephemeral)
        # What one of ours listens at, a BFF that was renamed say, is free only when the change is over.
        held = set(self.ports.values())
        ports |= allot({name: ANY if port in held else port for name, port in wishes.items()})
        return self.beside((spec.name for spec in self._change(platform, ports).changed), platform, ports)

    def beside(self, names: Iterable[str], platform: Platform, ports: Ports) -> tuple[Ports, Change]:
        """Return `ports` with others for `names`, and for those that change with them; see `next_ports`.

        A process that changes runs beside the old one for a moment, so it needs another port; who calls it
        changes too.
        """
        while same := [
            port for name in names for port in ports_of(name, ports) if ports[port] == self.ports.get(port)
        ]:
            ports = {**ports, **allot(dict.fromkeys(same, ANY))}
            names = [spec.name for spec in self._change(platform, ports).changed]
        return ports, self._change(platform, ports)

    def _change(self, platform: Platform, ports: Ports) -> Change:
        return difference(plan(self.platform, self.ports, self.machine), plan(platform, ports, self.machine))

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
                service.name: service.url or addresses.part_url(platform, ports[service.name])
                for service in platform.services
            },
            bffs={bff.name: addresses.part_url(platform, ports[bff.name]) for bff in platform.bffs},
            processes={name: self._process(child) for name, child in self.supervisor.children.items()},
            problems=self.problems,
            version=self.version,
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
