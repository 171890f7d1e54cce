"""What the platform team forbids a bff.yaml to say, and what two BFFs may not both say."""

from collections.abc import Iterator

from colonnade.errors import Problem
from colonnade.manifest.bff import BffManifest
from colonnade.manifest.load import Manifests, Written
from colonnade.manifest.model import Auth, Cost, Limit, Timeouts
from colonnade.manifest.overload import Criticality
from colonnade.manifest.platform import Guardrails, PlatformManifest
from colonnade.manifest.positions import Location
from colonnade.manifest.retries import Retries
from colonnade.manifest.units import Rate
from colonnade.resolve.rules import all_rules

RESERVED_PREFIXES = ("/auth", "/healthz")
RESERVED_NAMES = frozenset(
    {
        "envoy", "policy", "valkey", "console", "balancer", "edge", "base", "identity", "config", "secrets",
        "machine", "machine-opaque", "edges", "edge-admin", "lease", "traces", "metrics",
    }
)  # fmt: skip
"""Names of the platform's own processes, containers and clusters, and of the provider's programs."""


def check(manifests: Manifests) -> Iterator[Problem]:
    """Yield every breach of the guardrails, and every clash between BFFs and services."""
    platform = manifests.platform.manifest
    yield from _tls(manifests.platform)
    for folder, bff in manifests.bffs.items():
        yield from _names(folder, bff, platform)
    for bff in (*manifests.bffs.values(), *manifests.exposed()):
        yield from _certificates(bff, platform)
        yield from _criticality(bff, platform.guardrails)
        yield from _prefix(bff, platform.guardrails)
        yield from _costs(bff)
        yield from _preflights(bff)
        for at, part in _parts(bff.manifest):
            yield from _Part(bff, at, platform.guardrails).check(part)
    yield from _clashes(manifests)


def _tls(platform: Written[PlatformManifest]) -> Iterator[Problem]:
    manifest, at = platform.manifest, ("edge", "tls", "client_ca")
    tls = manifest.edge.tls
    if tls.client_ca is not None and tls.certificate is None and manifest.identity.issuer is not None:
        message = "clients can show a certificate only where TLS is served"
        yield platform.document.problem(at, message, "give certificate and key, too")
    at = ("edge", "tls", "http3")
    if tls.http3 and tls.certificate is None and manifest.identity.issuer is not None:
        message = "HTTP/3 is spoken only where TLS is served"
        yield platform.document.problem(at, message, "give certificate and key, too")
    if tls.http3 and manifest.edge.trusted_hops:
        message = "clients speak to the proxies in front, which end their connections"
        yield platform.document.problem(at, message, "let them speak HTTP/3, and leave it out here")


def _certificates(bff: Written[BffManifest], platform: PlatformManifest) -> Iterator[Problem]:
    """A route that requires what no client can show would refuse everybody."""
    if platform.edge.tls.client_ca is not None:
        return
    parts: list[tuple[Location, Auth | None]] = [(("auth", "certificate"), bff.manifest.auth)]
    parts += [(("routes", i, "auth", "certificate"), part.auth) for i, part in enumerate(bff.manifest.routes)]
    for at, auth in parts:
        if auth is not None and auth.certificate is not None:
            hint = "the platform team gives the CA of its devices"
            yield bff.document.problem(at, "clients are not asked for one without edge.tls.client_ca", hint)


def _criticality(bff: Written[BffManifest], guardrails: Guardrails) -> Iterator[Problem]:
    """Every team thinks of its own as critical; the platform team says whose is."""
    if bff.manifest.name in guardrails.critical:
        return
    parts: list[tuple[Location, Criticality | None]] = [
        (("route", "criticality"), bff.manifest.route.criticality)
    ]
    parts += [(("routes", i, "criticality"), part.criticality) for i, part in enumerate(bff.manifest.routes)]
    for at, criticality in parts:
        if criticality is Criticality.CRITICAL:
            hint = "the platform team names it in guardrails.critical"
            yield bff.document.problem(at, "the guardrails do not let this BFF be critical", hint)


def _names(folder: str, bff: Written[BffManifest], platform: PlatformManifest) -> Iterator[Problem]:
    name, document = bff.manifest.name, bff.document
    if name != folder:
        yield document.problem(("name",), f"{name!r} is not the folder's name", f"call it {folder!r}")
    if name in RESERVED_NAMES or name in platform.services:
        yield document.problem(("name",), f"{name!r} is the name of another process", "choose another name")
    for index, service in enumerate(bff.manifest.services):
        if service not in platform.services:
            known = ", ".join(sorted(platform.services)) or "none"
            message = f"{service!r} is not a service of this platform"
            yield document.problem(("services", index), message, f"valid here: {known}")


def _prefix(bff: Written[BffManifest], guardrails: Guardrails) -> Iterator[Problem]:
    prefix, at = bff.manifest.route.prefix, ("route", "prefix")
    if not within(prefix, guardrails.prefix) or prefix == guardrails.prefix != "/":
        hint = f"{guardrails.prefix.rstrip('/')}/{bff.manifest.name}"
        yield bff.document.problem(at, f"the guardrails keep BFFs below {guardrails.prefix}", f"try {hint}")
    for reserved in RESERVED_PREFIXES:
        if within(prefix, reserved) or prefix == "/":
            yield bff.document.problem(at, f"{prefix} would take the edge's own path {reserved}")


def within(prefix: str, folder: str) -> bool:
    """Return whether `prefix` is `folder` or below it, by whole segments."""
    return folder in {"/", prefix} or prefix.startswith(f"{folder}/")


def _costs(bff: Written[BffManifest]) -> Iterator[Problem]:
    """A request that costs more than a limit ever allows would always be refused."""
    base = bff.manifest
    parts: list[tuple[Location, Cost | None, tuple[Limit, ...]]] = [
        (("route", "cost"), base.route.cost, base.limits)
    ]
    for index, part in enumerate(base.routes):
        limits = base.limits if part.limits is None else part.limits
        parts.append((("routes", index, "cost"), part.cost, limits))
    for at, cost, limits in parts:
        for limit in limits:
            least = min(rule.quota for rule in all_rules(limit))
            if isinstance(cost, int) and cost > least:
                yield bff.document.problem(at, f"limit {limit.name!r} allows no more than {least} at once")


def _preflights(bff: Written[BffManifest]) -> Iterator[Problem]:
    """A preflight asks for permission before the header is sent that would choose the route."""
    for index, part in enumerate(bff.manifest.routes):
        if part.cors is not None and part.headers:
            message = "a preflight carries none of the headers that choose this route"
            hint = "say cors on the route without them, which answers its preflights"
            yield bff.document.problem(("routes", index, "cors"), message, hint)


_Piece = tuple[Auth | None, tuple[Limit, ...] | None, Timeouts | None, Retries | None, int | None]


def _parts(bff: BffManifest) -> Iterator[tuple[Location, _Piece]]:
    """The base route and each exception, with where it is written."""
    base = bff.route
    yield (), (bff.auth, bff.limits, base.timeouts, base.retries, base.max_body)
    for index, part in enumerate(bff.routes):
        piece = (part.auth, part.limits, part.timeouts, part.retries, part.max_body)
        yield ("routes", index), piece


class _Part:
    """Checks one part of a bff.yaml, written at `at`."""

    def __init__(self, bff: Written[BffManifest], at: Location, guardrails: Guardrails) -> None:
        self.document = bff.document
        self.at = at
        # The base route's settings stand under `route`, but for credential and limits.
        self.route_at = at or ("route",)
        self.guardrails = guardrails

    def check(self, piece: _Piece) -> Iterator[Problem]:
        auth, limits, timeouts, retries, max_body = piece
        yield from self._auth(auth)
        yield from self._limits(limits)
        yield from self._timeouts(timeouts)
        most = self.guardrails.max_retries
        if retries is not None and retries.attempts > most:
            yield self._too_much((*self.route_at, "retries", "attempts"), str(most))
        if max_body is not None and max_body > self.guardrails.max_body:
            yield self._too_much((*self.route_at, "max_body"), f"{self.guardrails.max_body // 1024}KiB")

    def _too_much(self, at: Location, most: str) -> Problem:
        return self.document.problem(at, f"the guardrails allow at most {most}")

    def _auth(self, auth: Auth | None) -> Iterator[Problem]:
        if auth is not None and auth.type not in self.guardrails.auth:
            allowed = ", ".join(self.guardrails.auth)
            at = (*self.at, "auth", "type")
            yield self.document.problem(
                at, f"the guardrails do not allow {auth.type.value}", f"allowed: {allowed}"
            )

    def _limits(self, limits: tuple[Limit, ...] | None) -> Iterator[Problem]:
        if limits is None:
            return
        at = (*self.at, "limits")
        if all(limit.shadow for limit in limits) and self.guardrails.require_limit:
            yield self.document.problem(
                at, "the guardrails want at least one limit that refuses", "such as rate: 100/minute"
            )
        names = [limit.name for limit in limits]
        for index, limit in enumerate(limits):
            if limit.name in names[:index]:
                yield self.document.problem(
                    (*at, index, "name"), f"{limit.name!r} is the name of another limit"
                )
            if limit.policy != limits[0].policy:
                message = "limits of one route are counted together, or a refusal would still cost some"
                yield self.document.problem(
                    (*at, index, "policy"), message, f"say policy: {limits[0].policy} here too"
                )
            yield from self._limit((*at, index), limit)

    def _limit(self, at: Location, limit: Limit) -> Iterator[Problem]:
        yield from self._rate((*at, "rate"), limit.rate)
        for group, tier in limit.tiers.items():
            yield from self._rate((*at, "tiers", group, "rate"), tier.rate)
        for rule in all_rules(limit):
            try:
                rule.check()
            except ValueError as error:
                yield self.document.problem(at, str(error), "take a shorter period, or less")

    def _rate(self, at: Location, rate: Rate) -> Iterator[Problem]:
        if rate.per_second > self.guardrails.max_rate.per_second:
            yield self._too_much(at, self.guardrails.max_rate.text)

    def _timeouts(self, timeouts: Timeouts | None) -> Iterator[Problem]:
        most = self.guardrails.max_timeout
        for name in ("connect", "send", "read"):
            value = getattr(timeouts, name, None)
            if value is not None and value > most:
                yield self._too_much((*self.route_at, "timeouts", name), f"{most.total_seconds():g}s")


def _platform_ports(platform: PlatformManifest) -> Iterator[tuple[Location, int, str]]:
    """The ports that the platform's manifest asks for: where, which, and whose."""
    edge = platform.edge
    yield ("edge", "port"), edge.port, "the edge"
    yield ("edge", "tls", "port"), edge.tls.port, "the edge"
    yield ("edge", "console_port"), edge.console_port, "the console"
    for name, service in platform.services.items():
        if service.path is not None:
            yield ("services", name, "port"), service.port, name
            if service.grpc_port is not None:
                yield ("services", name, "grpc_port"), service.grpc_port, name


def _taken(port: int, part: str) -> tuple[str, str]:
    return f"port {port} is taken by {part}", "choose another"


def _clashes(manifests: Manifests) -> Iterator[Problem]:
    """Two BFFs on one prefix (and a shared host), or two parts on one port; the later is told."""
    ports: dict[int, str] = {}
    for at, port, part in _platform_ports(manifests.platform.manifest):
        if port in ports:
            yield manifests.platform.document.problem(at, *_taken(port, ports[port]))
        ports.setdefault(port, part)
    seen: list[BffManifest] = []
    for written in (*manifests.bffs.values(), *manifests.exposed()):
        bff = written.manifest
        taken = ports.setdefault(bff.port, bff.name)
        if taken != bff.name:
            yield written.document.problem(("port",), *_taken(bff.port, taken))
        for other in seen:
            if other.route.prefix == bff.route.prefix and _share_host(other, bff):
                message = f"{bff.route.prefix} is taken by {other.name}"
                yield written.document.problem(("route", "prefix"), message, "choose another prefix")
        seen.append(bff)


def _share_host(one: BffManifest, other: BffManifest) -> bool:
    return bool(set(one.route.hosts) & set(other.route.hosts)) or "*" in (
        *one.route.hosts,
        *other.route.hosts,
    )
