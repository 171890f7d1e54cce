"""What differs between two platforms, as far as running processes are concerned. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from colonnade.ir.observability import Traces
from colonnade.ir.platform import Platform, Service
from colonnade.local.spec import ProcessSpec


@dataclass(frozen=True, slots=True)
class Change:
    """Processes to start, to replace by others, and to stop."""

    added: tuple[ProcessSpec, ...]
    changed: tuple[ProcessSpec, ...]
    gone: tuple[str, ...]

    def told(self) -> Iterator[str]:
        """Yield what happened, one line each."""
        yield "the manifests are in effect"
        yield from (f"{spec.name} was added, at {spec.url}" for spec in self.added)
        yield from (f"{spec.name} was replaced, now at {spec.url}" for spec in self.changed)
        yield from (f"{name} was removed" for name in self.gone)


def difference(old: Sequence[ProcessSpec], new: Sequence[ProcessSpec]) -> Change:
    """Return what leads from `old` to `new`; the order of starting does not count."""
    before = {spec.name: spec for spec in old}
    after = {spec.name for spec in new}
    return Change(
        added=tuple(spec for spec in new if spec.name not in before),
        changed=tuple(
            spec for spec in new if spec.name in before and _timeless(spec) != _timeless(before[spec.name])
        ),
        gone=tuple(name for name in before if name not in after),
    )


def pinned(running: Platform, wanted: Platform) -> Platform:
    """Return `wanted` as far as it can be had without a restart: edges and services stay where they are."""
    edge = replace(
        wanted.edge,
        replicas=running.edge.replicas,
        port=running.edge.port,
        console_port=running.edge.console_port,
        max_connections=running.edge.max_connections,
        max_memory=running.edge.max_memory,
        tls=running.edge.tls,
    )
    session = replace(
        wanted.identity.session,
        client_secret=running.identity.session.client_secret,
        encryption_keys=running.identity.session.encryption_keys,
    )
    identity = replace(
        wanted.identity,
        issuer=running.identity.issuer,
        introspection=running.identity.introspection,
        consumers=running.identity.consumers,
        session=session,
    )
    services = tuple(_where_it_is(service, running) for service in wanted.services)
    caches = {bff.name: bff.cache for bff in running.bffs}
    return replace(
        wanted,
        edge=edge,
        identity=identity,
        store_url=running.store_url,
        services=services,
        bffs=tuple(replace(bff, cache=caches.get(bff.name)) for bff in wanted.bffs),
        traces=_traces(running.traces, wanted.traces),
        mtls=running.mtls,
    )


def _traces(running: Traces | None, wanted: Traces | None) -> Traces | None:
    """The share of requests may change; every process knows the collector."""
    return running and replace(running, sampling=wanted.sampling if wanted else 0.0)


def _where_it_is(wanted: Service, running: Platform) -> Service:
    """A service may get more instances or fewer, and what is said of it at the edge; its process stays."""
    for service in running.services:
        if service.name == wanted.name:
            live = ("replicas", "balance", "exposed", "descriptor")
            return replace(service, **{name: getattr(wanted, name) for name in live})
    return wanted


def needs_restart(running: Platform, wanted: Platform) -> list[str]:
    """Return a line for each part of `wanted` that takes effect only when the stack is started again."""
    had = pinned(running, wanted)
    parts = {
        "edge: replicas, ports, TLS, max_connections or max_memory": had.edge != wanted.edge,
        "identity: the issuer, a client's secret, encryption_keys, introspection or consumers": (
            had.identity != wanted.identity
        ),
        "store": had.store_url != wanted.store_url,
        "mtls": had.mtls != wanted.mtls,
        "services: path, url or port": had.services != wanted.services,
        "cache of a BFF": had.bffs != wanted.bffs,
        "observability: the collector of traces": had.traces != wanted.traces,
    }
    return [f"takes effect after bff down and bff up: {part}" for part, waits in parts.items() if waits]


def _timeless(spec: ProcessSpec) -> ProcessSpec:
    return replace(spec, after=())
