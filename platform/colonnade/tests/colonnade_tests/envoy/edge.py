"""A real edge over a platform written in a test, with a backend that tells what it was sent."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from joserfc.jwk import Key

from colonnade.envoy.publish import publish, write_bootstrap
from colonnade.envoy.validate import envoy_binary, validate
from colonnade.ir.observability import tracing
from colonnade.ir.platform import Platform
from colonnade.ir.target import Address, Target, TlsTarget
from colonnade.local.ports import ANY, allot
from colonnade.manifest.load import load
from colonnade.policy import policy_document
from colonnade.resolve import resolve
from colonnade.tls import Sources, publish_certificates
from colonnade.tls.authority import Authority
from colonnade_policy import encode
from colonnade_tests.envoy.backend import HOST, Backend

Endpoints = Mapping[str, tuple[Address, ...]]
NOWHERE_ELSE: Endpoints = {}
PLATFORM = "name: shop\nguardrails: {auth: [jwt, none], require_limit: false}\n"


@dataclass
class Edge:
    """A running Envoy."""

    folder: Path
    target: Target
    backend: Backend
    log: Path

    @property
    def url(self) -> str:
        return self.target.listen.url

    @property
    def tls_url(self) -> str:
        assert self.target.tls is not None
        return f"https://{self.target.tls.listen}"

    @property
    def authority(self) -> Path:
        """The certificate of the CA that vouches for this edge."""
        return self.folder / "ca.pem"

    def certify(self) -> None:
        """Give the edge another certificate than it has."""
        now, names = datetime.now(UTC), ("localhost", HOST)
        files = (self.folder / "chain.pem", self.folder / "key.pem")
        issued = Authority.open(self.authority, names, now).issue(names, now)
        for file, text in zip(files, issued, strict=True):
            file.write_bytes(text)
        publish_certificates(Sources(files, None, self.authority), self.folder / "tls", now)

    def get(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        return httpx.get(f"{self.url}{path}", timeout=10, **options)

    def stat(self, pattern: str) -> int:
        """The sum of Envoy's counters or gauges that `pattern` matches; what it has not counted yet is 0."""
        query = {"filter": f"^{pattern}$", "format": "json"}
        found = httpx.get(f"{self.target.admin.url}/stats", params=query).json()["stats"]
        return sum(one.get("value", 0) for one in found)

    def alice(self, **claims: object) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.backend.token(claims)}"}

    def rewrite(self, text: str = PLATFORM, endpoints: Endpoints = NOWHERE_ELSE, /, **bffs: str) -> None:
        """Replace the manifests, and the endpoints that are given; publish what they compile to."""
        compiled = platform(self.folder, bffs, text)
        self.target = replace(self.target, endpoints={**self.target.endpoints, **endpoints})
        publish_policy(self.folder, compiled, self.target)
        publish(self.folder / "run", compiled, self.target)


def platform(folder: Path, bffs: Mapping[str, str], text: str = PLATFORM) -> Platform:
    (folder / "colonnade.yaml").write_text(text, encoding="utf-8")
    for name, manifest in bffs.items():
        file = folder / "bffs" / name / "bff.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'name: {name}\nowner: "@team"\n{manifest}', encoding="utf-8")
    return resolve(load(folder))


def publish_policy(folder: Path, platform: Platform, target: Target) -> None:
    draft = folder / "policy.json.new"
    draft.write_bytes(encode(policy_document(platform, target.issuer)))
    draft.replace(folder / "policy.json")


@contextmanager
def deciding(
    folder: Path, port: int, lease: int, collector: Address | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a policy service, without a store."""
    env = {"PORT": str(port), "LEASE_PORT": str(lease), "POLICY_FILE": str(folder / "policy.json")}
    env |= {"STORE_URL": "redis://127.0.0.1:1", **tracing(collector, "policy")}
    with (folder / "policy.log").open("w", encoding="utf-8") as output:
        argv = [sys.executable, "-m", "colonnade_edge"]
        process = subprocess.Popen(argv, env={**os.environ, **env}, stdout=output, stderr=output)
    try:
        eventually(lambda: httpx.get(f"http://{HOST}:{port}/jwks").status_code == 200, within=90)
        yield process
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def running(
    folder: Path,
    bffs: Mapping[str, str],
    text: str = PLATFORM,
    *,
    policy_service: bool = True,
    endpoints: Endpoints = NOWHERE_ELSE,
    keys: Iterable[Key] = (),
) -> Iterator[Edge]:
    """Start an edge on free ports, in front of one backend for all that has no `endpoints` of its own.

    `keys` are the provider's besides its first.
    """
    compiled = platform(folder, bffs, text)
    backend = Backend()
    backend.keys += keys
    listen, admin, policy, lease, tls, metrics = free_ports()
    everything = dict.fromkeys(bffs, (backend.address,))
    everything |= {"policy": (Address(HOST, policy),), "lease": (Address(HOST, lease),)}
    run = folder / "run"
    target = Target(
        Address(HOST, listen),
        Address(HOST, admin),
        backend.issuer,
        {**everything, **endpoints},
        str(run),
        tls=TlsTarget(Address(HOST, tls), str(folder / "tls")),
        metrics=Address(HOST, metrics),
        collector=compiled.traces.collector if compiled.traces else None,
        identity=str(folder / "identities" / "edge"),
    )
    edge = Edge(folder, target, backend, folder / "envoy.log")
    edge.certify()
    asyncio.run(validate(compiled, target))
    publish_policy(folder, compiled, target)
    with (
        deciding(folder, policy, lease, target.collector) if policy_service else nullcontext(),
        _envoy(edge, compiled) as process,
    ):

        def serves() -> bool:
            assert process.poll() is None, edge.log.read_text(encoding="utf-8")
            return edge.get("/healthz").status_code == 200

        try:
            eventually(serves)
            yield edge
        finally:
            backend.close()


@contextmanager
def _envoy(edge: Edge, compiled: Platform) -> Iterator[subprocess.Popen[bytes]]:
    run = edge.folder / "run"
    file = write_bootstrap(run, compiled, edge.target)
    publish(run, compiled, edge.target)
    with edge.log.open("w", encoding="utf-8") as output:
        argv = [str(envoy_binary()), "-c", str(file), "--disable-hot-restart", "--concurrency", "1"]
        argv += ["--log-level", "warning", "--file-flush-interval-msec", "100"]
        process = subprocess.Popen(argv, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


def free_ports() -> list[int]:
    """Six ports that nothing listens on now, and that no connection of another test is given meanwhile."""
    return [*allot(dict.fromkeys("abcdef", ANY)).values()]


def eventually(probe: Any, within: float = 30.0, every: float = 0.02) -> None:  # noqa: ANN401 - anything to be true
    """Return when `probe` is true; fail after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        with suppress(httpx.TransportError):
            if probe():
                return
        assert time.monotonic() < deadline, "not in time"
        time.sleep(every)
