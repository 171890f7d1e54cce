"""The routes of an exposed service: those of a BFF, and where it speaks gRPC one for each way in."""

from collections.abc import Iterator
from dataclasses import replace

from colonnade.errors import Problem
from colonnade.ir import route as ir
from colonnade.ir.grpc import Grpc, Transcoding
from colonnade.ir.platform import Bff
from colonnade.manifest.bff import BffManifest
from colonnade.manifest.descriptor import Descriptor
from colonnade.manifest.health import Ejection
from colonnade.manifest.load import Manifests, Written
from colonnade.manifest.platform import Service
from colonnade.resolve.balance import resolve_balance
from colonnade.resolve.health import resolve_health
from colonnade.resolve.routes import resolve_routes
from colonnade_policy import Claims

GRPC_METHOD = "POST"
COUNTED_TOGETHER = ir.Decision(native=False, reason="several routes of Envoy are counted together")
"""As `decide` says it: each of Envoy's own buckets is of one route."""
TOLD_TO_PAGES = ("grpc-status", "grpc-message")
SENT_BY_PAGES = ("content-type", "x-grpc-web", "x-user-agent", "grpc-timeout")
"""What gRPC-Web in a page has to read and to send, and a browser hides and asks about."""


def resolve_exposed(name: str, service: Service) -> Bff | None:
    """Return an exposed service as the edge sees it: it stands there where BFFs do."""
    expose = service.expose
    if expose is None:
        return None
    grpc = expose.descriptor is not None
    return Bff(
        name=name,
        kind=expose.kind.value,
        owner="",
        port=service.grpc_port if grpc and service.grpc_port else service.port,
        prefix=expose.route.prefix,
        services=(),
        auth=expose.auth.type.value,
        replicas=service.replicas,
        balance=resolve_balance(service.balance),
        grpc=grpc,
        health=resolve_health(service.health, Ejection()),
    )


def exposed_routes(manifests: Manifests, places: Claims) -> Iterator[ir.Route]:
    """Yield the routes of every exposed service; `places` are where a token's claims stand."""
    edge = manifests.platform.manifest.edge
    for written in manifests.exposed():
        manifest = written.manifest
        descriptor = manifests.descriptors.get(manifest.name)
        if descriptor is None:
            yield from resolve_routes(manifest, edge.max_body, places)
        else:
            call, stream = (
                next(resolve_routes(_streaming(manifest, stream=stream), edge.max_body, places))
                for stream in (False, True)
            )
            yield from _rest(call, stream, descriptor)
            yield from _grpc(call, stream, descriptor)


def check_exposed(manifests: Manifests) -> Iterator[Problem]:
    """Yield the methods whose REST path would be cut off, because calls have it that end soon."""
    for written in manifests.exposed():
        descriptor = manifests.descriptors.get(written.manifest.name)
        if descriptor is not None:
            yield from _overlaps(written, descriptor)


def _overlaps(written: Written[BffManifest], descriptor: Descriptor) -> Iterator[Problem]:
    calls = {_literal(one) for method in descriptor.methods if not method.streams for one in method.templates}
    for method in (method for method in descriptor.methods if method.streams):
        for template in method.templates:
            if any(_covers(_literal(template), call) for call in calls):
                message = f"{method.name} streams, and {_literal(template)} is the path of calls that do not"
                hint = f"give its rule in the proto file a first segment of its own, not {template}"
                yield written.document.problem(("descriptor",), message, hint)


def _covers(prefix: str, path: str) -> bool:
    return f"{path}/".startswith(f"{prefix.rstrip('/')}/")


def _literal(template: str) -> str:
    """The segments of a template before its first variable or wildcard."""
    kept = []
    for segment in template.strip("/").split("/"):
        if set(segment) & set("{*:"):
            break
        kept.append(segment)
    return f"/{'/'.join(kept)}"


def _streaming(manifest: BffManifest, *, stream: bool) -> BffManifest:
    return manifest.model_copy(update={"route": manifest.route.model_copy(update={"stream": stream})})


def _rest(call: ir.Route, stream: ir.Route, descriptor: Descriptor) -> Iterator[ir.Route]:
    """Below the route's prefix; the paths that stream apart."""
    prefix = call.match.prefix
    grpc = Grpc(Transcoding(descriptor.services, descriptor.below(prefix)))
    yield _spoken(call, grpc)
    for method in descriptor.methods:
        for number, template in enumerate(method.templates if method.streams else (), start=1):
            match = replace(stream.match, prefix=f"{prefix.rstrip('/')}{_literal(template)}")
            yield _spoken(replace(stream, id=f"{call.bff}.{method.name}.{number}", match=match), grpc)


def _grpc(call: ir.Route, stream: ir.Route, descriptor: Descriptor) -> Iterator[ir.Route]:
    """At the paths that gRPC gives to services and methods."""
    for service in descriptor.services:
        yield _native(call, f"{call.bff}.{service}", f"/{service}")
    for method in descriptor.methods:
        if method.streams:
            yield _native(stream, f"{call.bff}.{method.service}.{method.name}", method.path)


def _native(route: ir.Route, name: str, path: str) -> ir.Route:
    cors = route.cors and replace(
        route.cors,
        methods=(GRPC_METHOD,),
        headers=tuple(dict.fromkeys([*route.cors.headers, *SENT_BY_PAGES])),
        exposed=tuple(dict.fromkeys([*route.cors.exposed, *TOLD_TO_PAGES])),
    )
    match = ir.Match(route.match.hosts, path, (GRPC_METHOD,))
    return _spoken(replace(route, id=name, match=match, cors=cors), Grpc())


def _spoken(route: ir.Route, grpc: Grpc) -> ir.Route:
    """The proto file has the whole path, so nothing of it is taken away; a call, a POST, is not repeated."""
    same = ir.PrefixRewrite(route.match.prefix, route.match.prefix)
    decision = COUNTED_TOGETHER if route.decision.native and route.limits else route.decision
    return replace(route, grpc=grpc, rewrite=same, retries=ir.Retries(0, 0), decision=decision)
