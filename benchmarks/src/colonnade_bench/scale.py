"""`bench scale`: what many routes and many BFFs cost, to compile, to publish, to hold and to serve."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from colonnade.envoy.publish import publish, write_bootstrap
from colonnade.envoy.validate import validate
from colonnade.ir.platform import Platform
from colonnade.ir.target import Address, Target
from colonnade.manifest.load import load
from colonnade.resolve import resolve
from colonnade_bench.canned import Answer, backend
from colonnade_bench.edge import BODY, first_header, issuer_of
from colonnade_bench.errors import BenchError
from colonnade_bench.measure import Result, Subject, measure
from colonnade_bench.ours import serving
from colonnade_bench.processes import HOST, free_port

SIZES = ((3, 10), (3, 100), (3, 1_000), (3, 5_000), (100, 100), (100, 5_000))
"""BFFs, and routes of all of them together. The first is what the others are compared to."""
EFFECT_S = 180.0
PLATFORM = "name: bench\nguardrails: {max_rate: 1000000/second, auth: [jwt], require_limit: false}\n"
BFF = """\
name: {name}
kind: mobile
owner: "@bench"
port: {port}
route: {{prefix: /api/{name}}}
auth: {{type: jwt, revocation: false}}
limits: [{{name: per-consumer, rate: 1000000/second, burst: 1000000, policy: local}}]
routes: [{routes}]
"""
ROUTE = "{{name: r{number}, path: /r{number}/part, limits: [], methods: [GET], timeouts: {{read: {read}s}}}}"
ADDED = (
    "{name: added, path: /added, limits: [], auth: {type: jwt, scopes: ['nobody:has'], revocation: false}}"
)


@dataclass(frozen=True, slots=True)
class Scale:
    """One size of platform. Times are in seconds, memory of Envoy in MiB.

    `compile_s` is manifests to resolved platform, `publish_s` what is written for one edge, `validate_s`
    Envoy's own check, and `effect_s` from the write of a new route to the first answer by it.
    """

    bffs: int
    routes: int
    compile_s: float
    validate_s: float
    publish_s: float
    effect_s: float
    rss_mb: float
    serving: Result
    throughput: float
    """Requests per second over those of the first size."""


@dataclass(frozen=True, slots=True)
class _Edge:
    folder: Path
    target: Target
    size: tuple[int, int]
    pid: int
    times: tuple[float, float, float]

    @property
    def subject(self) -> Subject:
        return Subject(_name(self.size), self.target.listen.url, _last_path(self.size), (self.pid,))


def bench_scale(seconds: int, tell: Callable[[str], None]) -> list[Scale]:
    """Return the sizes measured. Raises `BenchError` where a route is not served."""
    with tempfile.TemporaryDirectory(prefix="colonnade-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        served = stack.enter_context(backend(folder, "backend", [Answer("/", BODY)]))
        signed, issuer = issuer_of(folder, stack)
        token = first_header(signed.file)
        edges = []
        for size in SIZES:
            tell(f"compiling {_name(size)}")
            edges.append(stack.enter_context(_edge(folder / _name(size), size, served, issuer)))
            _verify(edges[-1], token)
        serving = measure([edge.subject for edge in edges], signed.file, seconds, tell)
        memory = [psutil.Process(edge.pid).memory_info().rss / 2**20 for edge in edges]
        effects = [_effect(edge, token, tell) for edge in edges]
    return [
        Scale(*edge.size, *edge.times, effect_s, rss_mb, result, throughput=result.rate / serving[0].rate)
        for edge, effect_s, rss_mb, result in zip(edges, effects, memory, serving, strict=True)
    ]


def _name(size: tuple[int, int]) -> str:
    return f"{size[0]} BFFs, {size[1]:,} routes"


def _last_path(size: tuple[int, int]) -> str:
    """A path that the least specific of the routes takes: one by one, it would be the last to be tried."""
    return f"/api/b{size[0] - 1}/home"


def _manifests(folder: Path, size: tuple[int, int], added: Sequence[str] = ()) -> Platform:
    bffs, routes = size
    folder.mkdir(exist_ok=True)
    (folder / "colonnade.yaml").write_text(PLATFORM, encoding="utf-8")
    for index in range(bffs):
        own = [
            ROUTE.format(number=number, read=1 + number % 15)
            for number in range(routes - bffs)
            if number % bffs == index
        ]
        file = folder / "bffs" / f"b{index}" / "bff.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        text = BFF.format(name=f"b{index}", port=3000 + index, routes=",\n  ".join([*own, *added]))
        file.write_text(text, encoding="utf-8")
    return resolve(load(folder))


@contextmanager
def _edge(folder: Path, size: tuple[int, int], served: Address, issuer: Address) -> Iterator[_Edge]:
    listen, admin = Address(HOST, free_port()), Address(HOST, free_port())
    begin = time.perf_counter()
    platform = _manifests(folder, size)
    compiled = time.perf_counter()
    endpoints = dict.fromkeys((bff.name for bff in platform.bffs), (served,)) | {"policy": (issuer,)}
    target = Target(listen, admin, issuer.url, endpoints, str(folder / "run"))
    asyncio.run(validate(platform, target))
    validated = time.perf_counter()
    bootstrap = write_bootstrap(folder / "run", platform, target)
    publish(folder / "run", platform, target)
    times = (compiled - begin, validated - compiled, time.perf_counter() - validated)
    with serving(folder, bootstrap, listen) as pid:
        yield _Edge(folder, target, size, pid, times)


def _verify(edge: _Edge, token: Mapping[str, str]) -> None:
    paths = [_last_path(edge.size), "/api/b0/r0/part/of"]
    for path in paths:
        answer = _get(edge, path, token)
        if answer.status_code != httpx.codes.OK:
            raise BenchError(f"{path} is answered {answer.status_code}: {answer.text[:200]}")


def _effect(edge: _Edge, token: Mapping[str, str], tell: Callable[[str], None]) -> float:
    """Seconds until a route that nobody may use is in force."""
    tell(f"publishing a route more: {_name(edge.size)}")
    platform = _manifests(edge.folder, edge.size, [ADDED])
    begin = time.perf_counter()
    publish(edge.folder / "run", platform, edge.target)
    while _get(edge, "/api/b0/added", token).status_code != httpx.codes.FORBIDDEN:
        if time.perf_counter() - begin > EFFECT_S:
            raise BenchError(f"{_name(edge.size)}: no effect within {EFFECT_S:g} s")
        time.sleep(0.005)
    return time.perf_counter() - begin


def _get(edge: _Edge, path: str, token: Mapping[str, str]) -> httpx.Response:
    return httpx.get(f"{edge.target.listen.url}{path}", headers=token, timeout=30)
