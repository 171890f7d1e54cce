"""The whole platform resolved."""

from datetime import timedelta
from typing import Any

from colonnade.errors import ManifestError
from colonnade.ir import observability as ir_observability
from colonnade.ir import platform as ir
from colonnade.ir.route import Route
from colonnade.ir.target import Address
from colonnade.manifest.bff import BffManifest
from colonnade.manifest.health import Ejection
from colonnade.manifest.load import Manifests
from colonnade.manifest.model import Budget
from colonnade.manifest.observability import Traces
from colonnade.manifest.platform import Hsts, PlatformManifest, Service, Tls
from colonnade.resolve.balance import check_balance, resolve_balance, resolve_canary, resolve_mirror
from colonnade.resolve.cache import check_cache, resolve_cache
from colonnade.resolve.exposed import check_exposed, exposed_routes, resolve_exposed
from colonnade.resolve.guardrails import check
from colonnade.resolve.health import check_bounds, resolve_bounds, resolve_health
from colonnade.resolve.identity import check_identity, resolve_claims, resolve_identity, secret
from colonnade.resolve.rollout import rollout
from colonnade.resolve.routes import resolve_routes


def resolve(manifests: Manifests) -> ir.Platform:
    """Return the platform with nothing left to default.

    Raises `ManifestError` with every breach of the guardrails and every clash.
    """
    checks = (check, check_balance, check_bounds, check_cache, check_identity, check_exposed)
    found = [problem for one in checks for problem in one(manifests)]
    problems = [problem.seen_from(manifests.root) for problem in found]
    if problems:
        raise ManifestError(problems)
    platform = manifests.platform.manifest
    bffs = [written.manifest for written in manifests.bffs.values()]
    places = resolve_claims(platform.identity.claims)
    routes = [route for bff in bffs for route in resolve_routes(bff, platform.edge.max_body, places)]
    routes += exposed_routes(manifests, places)
    return ir.Platform(
        name=platform.name,
        edge=_edge(platform),
        identity=resolve_identity(platform.identity),
        store_url=secret(platform.store.url),
        services=tuple(_service(name, service) for name, service in sorted(platform.services.items())),
        bffs=tuple(_bff(bff) for bff in bffs),
        routes=tuple(sorted(routes, key=_specificity)),
        traces=_traces(platform.observability.traces),
        mtls=platform.mtls,
    )


def _traces(traces: Traces | None) -> ir_observability.Traces | None:
    if traces is None:
        return None
    host, _, port = traces.endpoint.removeprefix("http://").rpartition(":")
    return ir_observability.Traces(Address(host, int(port)), traces.sampling)


def _specificity(route: Route) -> tuple[int, int, int, str]:
    """Longer prefixes first, then more conditions; the name only makes the order total."""
    match = route.match
    return -len(match.prefix), -bool(match.methods), -len(match.headers), route.id


def _edge(platform: PlatformManifest) -> ir.Edge:
    edge = platform.edge
    return ir.Edge(
        replicas=edge.replicas,
        port=edge.port,
        console_port=edge.console_port,
        trusted_hops=edge.trusted_hops,
        max_body=edge.max_body,
        max_headers=edge.max_headers,
        max_header_count=edge.max_header_count,
        max_connections=edge.max_connections,
        max_memory=edge.max_memory,
        headers_timeout_s=edge.timeouts.headers.total_seconds(),
        flush_timeout_s=edge.timeouts.flush.total_seconds(),
        idle_timeout_s=edge.timeouts.idle.total_seconds(),
        compression=edge.compression,
        hsts=_hsts(edge.hsts),
        tls=_tls(edge.tls, development=platform.identity.issuer is None),
        rollout=rollout(edge.rollout),
    )


def _tls(tls: Tls, *, development: bool) -> ir.Tls | None:
    given = (tls.certificate.name, tls.key.name) if tls.certificate and tls.key else None
    if given is None and not development:
        return None
    return ir.Tls(tls.port, given, tls.client_ca.name if tls.client_ca else None, tls.min_version, tls.http3)


def _hsts(hsts: Hsts | None) -> str | None:
    if hsts is None:
        return None
    return f"max-age={hsts.max_age.total_seconds():.0f}{'; includeSubDomains' if hsts.subdomains else ''}"


def _service(name: str, service: Service) -> ir.Service:
    expose = service.expose
    return ir.Service(
        name=name,
        port=service.port,
        grpc_port=service.grpc_port,
        path=service.path,
        url=service.url,
        openapi=service.openapi,
        replicas=service.replicas,
        balance=resolve_balance(service.balance),
        health=resolve_health(service.health, Ejection()),
        exposed=resolve_exposed(name, service),
        descriptor=expose.descriptor if expose else None,
    )


def _bff(bff: BffManifest) -> ir.Bff:
    return ir.Bff(
        name=bff.name,
        kind=bff.kind.value,
        owner=bff.owner,
        port=bff.port,
        prefix=bff.route.prefix,
        services=bff.services,
        auth=bff.auth.type.value,
        budget=_budget(bff.budgets),
        view_budgets=tuple((view, _budget(own, bff.budgets)) for view, own in bff.budgets.views.items()),
        replicas=bff.replicas,
        balance=resolve_balance(bff.balance),
        canary=resolve_canary(bff.canary, bff.name),
        mirror=resolve_mirror(bff.mirror),
        health=resolve_health(bff.health, bff.health.ejection),
        bounds=resolve_bounds(bff.bounds),
        cache=resolve_cache(bff.cache),
    )


def _budget(*nearest_first: Budget) -> ir.Budget:
    """What a view's own budget does not bound, that of all does."""

    def said(name: str) -> Any:  # noqa: ANN401 - what the manifest has there
        return next((value for one in nearest_first if (value := getattr(one, name)) is not None), None)

    p95: timedelta | None = said("p95")
    return ir.Budget(said("bytes"), said("upstream_calls"), p95.total_seconds() if p95 else None)
