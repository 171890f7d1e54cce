"""Every process of a platform as data: a pure function of the platform and its ports."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from colonnade.ir.cache import cached
from colonnade.ir.instances import numbered
from colonnade.ir.observability import tracing
from colonnade.ir.peers import EDGE, peer_name
from colonnade.ir.platform import Bff, Platform, Service
from colonnade.ir.upstream import upstream
from colonnade.local import hot, identities
from colonnade.local.addresses import address, collector, edges, instances, issuer
from colonnade.local.layout import Layout
from colonnade.local.ports import HOST, Ports
from colonnade.local.spec import Health, ProcessSpec, http_health, valkey_health


@dataclass(frozen=True, slots=True)
class Machine:
    """What a plan needs to know of this machine.

    `source_folders` are the members' import paths; `environment` is what every process inherits of
    the caller's; `session_secret` is the browser login's, `session_keys` the variable that leads to what
    encrypts its tokens; `machine_secrets` are variables by which tokens of machines are judged, and
    `machine_secret` the development machine's own; `store_url` is None where Valkey is ours; `cache_urls`
    are those of the BFFs that have a cache, by name; `hold_token` is shown to policy services when Valkey is
    restarted, by this run of the stack alone; with `hot_restart` an Envoy can hand its sockets over.
    """

    layout: Layout
    python: Path
    envoy: Path
    valkey: Path
    source_folders: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    session_secret: str = field(repr=False)
    session_keys: Mapping[str, str] = field(repr=False)
    machine_secret: str = field(repr=False)
    machine_secrets: Mapping[str, str] = field(repr=False)
    hold_token: str = field(repr=False)
    store_url: str | None = field(default=None, repr=False)
    cache_urls: Mapping[str, str] = field(default_factory=dict, repr=False)
    hot_restart: bool = False


def plan(platform: Platform, ports: Ports, machine: Machine) -> tuple[ProcessSpec, ...]:
    """Return all processes of the platform."""
    return tuple(_Plan(platform, ports, machine).processes())


class _Plan:
    def __init__(self, platform: Platform, ports: Ports, machine: Machine) -> None:
        self.platform = platform
        self.ports = ports
        self.machine = machine
        self.layout = machine.layout
        self.policies = numbered("policy", platform.edge.replicas)
        self.envoys = numbered("envoy", platform.edge.replicas)

    def processes(self) -> Iterator[ProcessSpec]:
        if self.platform.store_url is None:
            yield self._valkey()
        for service in self.platform.services:
            if service.path is not None:
                yield from (self._service(service, service.path, name) for name in service.instances)
        if self.platform.development:
            yield self._identity()
        yield from (self._policy(name) for name in self.policies)
        yield self._console()
        yield from (self._bff(bff, name) for bff in self.platform.bffs for name in bff.instances)
        for number, name in enumerate(self.envoys, start=1):
            yield self._envoy(name, number)
        if len(self.envoys) > 1:
            yield self._balancer()

    def _valkey(self) -> ProcessSpec:
        port = self.ports["valkey"]
        folder = self.layout.data("valkey")
        options = {
            "bind": HOST, "port": str(port), "dir": str(folder), "save": "", "daemonize": "no",
            # Sessions outlive a restart: what was answered is in the operating system's hands, and on disk
            # before a Valkey ends that is told to.
            "appendonly": "yes", "appendfsync": "everysec", "logfile": "", "loglevel": "warning",
        }  # fmt: skip
        argv = [
            str(self.machine.valkey),
            *(text for key, value in options.items() for text in (f"--{key}", value)),
        ]
        return self._spec("valkey", argv, {}, valkey_health(port), url=f"redis://{HOST}:{port}/0")

    def _service(self, service: Service, path: str, name: str) -> ProcessSpec:
        module = f"{Path(path).name.replace('-', '_')}_service"
        grpc = self.ports.get(f"{name}-grpc")
        # All instances have the same data. The first makes it before the others look for it.
        env = {"DATA_DIR": str(self.layout.data(service.name))} | ({"GRPC_PORT": str(grpc)} if grpc else {})
        env |= tracing(collector(self.platform), service.name)
        after = () if name == service.name else (service.name,)
        return self._python(name, module, env, after=after, part=service.name)

    def _identity(self) -> ProcessSpec:
        env = {
            "ISSUER": issuer(self.platform, self.ports),
            "CLIENTS_FILE": str(self.layout.clients_file),
            "DATA_DIR": str(self.layout.data("identity")),
            "SESSION_CLIENT_SECRET": self.machine.session_secret,
            "MACHINE_CLIENT_SECRET": self.machine.machine_secret,
        }
        return self._python("identity", "identity_service", env)

    def _policy(self, name: str) -> ProcessSpec:
        env = {**self._stored(), **self.machine.session_keys, **self.machine.machine_secrets}
        env["SESSION_CLIENT_SECRET"] = self.machine.session_secret
        env["HOLD_TOKEN"] = self.machine.hold_token
        env["LEASE_PORT"] = str(self.ports[f"{name}-lease"])
        env |= tracing(collector(self.platform), "policy")
        env["EDGE_URLS"] = " ".join(edge.url for edge in edges(self.platform, self.ports))
        return self._python(name, "colonnade_edge", env, after=("valkey", "identity"))

    def _console(self) -> ProcessSpec:
        env = self._stored() | {"ADMIN_TOKEN_FILE": str(self.layout.admin_token_file)}
        # Relative to where it runs: the path of a socket may not be long.
        env["CONTROL_SOCKET"] = str(self.layout.control_socket.relative_to(self.layout.root))
        return self._python("console", "colonnade_edge.console", env, after=("valkey",))

    def _stored(self) -> dict[str, str]:
        store = self.machine.store_url or f"redis://{HOST}:{self.ports['valkey']}/0"
        return {"POLICY_FILE": str(self.layout.policy_file), "STORE_URL": store}

    def _bff(self, bff: Bff, name: str) -> ProcessSpec:
        used = [service for service in self.platform.services if service.name in bff.services]
        env = {"METRICS_PORT": str(self.ports[f"{name}-metrics"]), **bff.drain}
        env |= tracing(collector(self.platform), bff.name)
        for service in used:
            run = instances(service.name, service.replicas, self.ports) if service.path is not None else ()
            env |= upstream(service, run, self.platform)
        if bff.cache is not None:
            env |= {"CACHE_URL": self.machine.cache_urls[bff.name], **cached(bff.cache)}
        own = str(self.layout.root / "bffs" / bff.name / "src")
        after = tuple(name for service in used if service.path is not None for name in service.instances)
        return self._python(name, bff.package, env, after=after, own_sources=own, part=bff.name)

    def _envoy(self, name: str, number: int) -> ProcessSpec:
        after = (*self.policies, *(name for bff in self.platform.backends for name in bff.instances))
        return self._proxy(name, self.layout.edge(number) / "envoy.json", after, drained=True)

    def _balancer(self) -> ProcessSpec:
        # Stopping the edges drains them; connections through the balancer end with theirs.
        return self._proxy("balancer", self.layout.balancer_file, tuple(self.envoys), drained=False)

    def _proxy(self, name: str, file: Path, after: tuple[str, ...], *, drained: bool) -> ProcessSpec:
        port, admin = self.ports[name], self.ports[f"{name}-admin"]
        argv = [str(self.machine.envoy), "-c", str(file), "--log-level", "warning"]
        # Who follows a log sees a request within a second, not within Envoy's ten.
        argv += ["--file-flush-interval-msec", "1000"]
        argv += hot.arguments(admin) if self.machine.hot_restart else ["--disable-hot-restart"]
        spec = self._spec(name, argv, {}, http_health(port), after=after)
        return replace(spec, admin_port=admin, drained=drained)

    def _python(
        self,
        name: str,
        module: str,
        env: Mapping[str, str],
        *,
        after: tuple[str, ...] = (),
        own_sources: str | None = None,
        part: str | None = None,
    ) -> ProcessSpec:
        """`part` is whose certificate the process shows, where parts show some."""
        port = self.ports[name]
        health = http_health(port)
        if part is not None and self.platform.mtls:
            own = str(identities.files(self.layout, part))
            env = {**env, "IDENTITY_FOLDER": own}
            edge = str(identities.files(self.layout, EDGE))
            health = replace(health, peer=peer_name(self.platform, part), identity=edge)
        # A BFF's own sources first: those of one that was added later are not among the machine's.
        sources = dict.fromkeys([*([own_sources] if own_sources else []), *self.machine.source_folders])
        process = {
            "HOST": HOST,
            "PORT": str(port),
            "COLONNADE_ENV": "development" if self.platform.development else "production",
            "PYTHONPATH": ":".join(sources),
            "PYTHONUNBUFFERED": "1",
        }
        argv = [str(self.machine.python), "-P", "-m", module]
        return self._spec(name, argv, process | dict(env), health, after=after)

    def _spec(
        self,
        name: str,
        argv: list[str],
        env: Mapping[str, str],
        health: Health,
        *,
        after: tuple[str, ...] = (),
        url: str | None = None,
    ) -> ProcessSpec:
        return ProcessSpec(
            name=name,
            argv=tuple(argv),
            env={**self.machine.environment, **env},
            cwd=self.layout.root,
            health=health,
            url=url or f"{'https' if health.peer else 'http'}://{address(health.port)}",
            after=after,
        )
