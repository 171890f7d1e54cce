"""What the compilers emit is pinned, file by file; a new case is a new folder.

`UPDATE_GOLDEN=1 ./bff test platform/colonnade -k golden` writes what is emitted now: review the diff.
"""

import asyncio
import json
import os
from pathlib import Path

import pytest

import colonnade_policy
from colonnade.envoy import balancer, bootstrap, resources
from colonnade.envoy.balancer import Way
from colonnade.envoy.message import Json
from colonnade.envoy.validate import validate
from colonnade.ir.platform import Platform
from colonnade.ir.target import Address, Target, TlsTarget
from colonnade.manifest.load import load
from colonnade.policy import identity_clients, policy_document
from colonnade.resolve import resolve
from colonnade.resolve.guardrails import RESERVED_NAMES

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir() if path.is_dir())


def target_of(platform: Platform) -> Target:
    endpoints: dict[str, tuple[Address, ...]] = {
        bff.name: tuple(Address("127.0.0.1", bff.port + 100 * number) for number in range(bff.replicas))
        for bff in platform.bffs
    }
    endpoints |= {one.name: (Address("127.0.0.1", one.port),) for one in platform.exposed}
    endpoints["policy"] = (Address("policy", 9001), Address("policy-2", 9001))
    endpoints["lease"] = (Address("policy", 9002), Address("policy-2", 9002))
    issuer = platform.identity.issuer or "http://127.0.0.1:8100"
    admin = Address("127.0.0.1", 9901)
    tls = TlsTarget(Address("192.0.2.1", 8443), "/run/tls")
    listen, metrics = Address("192.0.2.1", 8080), Address("192.0.2.1", 9902)
    return Target(listen, admin, issuer, endpoints, "/etc/edge", balanced=True, tls=tls, metrics=metrics)


def emitted(platform: Platform) -> dict[str, str]:
    target = target_of(platform)
    plain, tls = (_way(name, port) for name, port in (("edges", 8080), ("edges-tls", 8443)))
    found = resources(platform, target)
    documents = {
        **found,
        "lds": _told_once(found["lds"]),
        "bootstrap": bootstrap(platform, target),
        "balancer": balancer(plain, tls, Address("127.0.0.1", 9902), platform.edge.max_connections),
        "clients": identity_clients(platform, ["http://127.0.0.1:8080"]),
        "policy": json.loads(colonnade_policy.encode(policy_document(platform, target.issuer))),
    }
    return {f"{name}.json": json.dumps(document, indent=1) + "\n" for name, document in documents.items()}


def _way(name: str, port: int) -> Way:
    return Way(name, Address("192.0.2.1", port), [Address("10.0.0.1", port), Address("10.0.0.2", port)])


def _told_once(listeners: list[Json]) -> list[Json]:
    """The listeners, without repeating what the others have in common with the first."""
    first, *others = (listener["filter_chains"][0] for listener in listeners)
    for other in others:
        same = other["filters"] == first["filters"]
        other["filters"] = "as those of the listener edge" if same else "others"
    return listeners


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden_files_are_what_is_emitted(case: Path) -> None:
    now = emitted(resolve(load(case)))
    folder = case / "out"
    if os.environ.get("UPDATE_GOLDEN"):
        folder.mkdir(exist_ok=True)
        for stale in folder.iterdir():
            stale.unlink()
        for name, text in now.items():
            (folder / name).write_text(text, encoding="utf-8")

    assert {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()} == now


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_bff_may_be_called_as_a_cluster_of_the_edges_own(case: Path) -> None:
    platform = resolve(load(case))
    target = target_of(platform)
    made = [*resources(platform, target)["cds"], *bootstrap(platform, target)["static_resources"]["clusters"]]

    assert {cluster["name"] for cluster in made} - platform.backend_by_name.keys() <= RESERVED_NAMES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_real_envoy_accepts_it(case: Path) -> None:
    platform = resolve(load(case))

    asyncio.run(validate(platform, target_of(platform)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_compiling_twice_gives_the_same(case: Path) -> None:
    assert emitted(resolve(load(case))) == emitted(resolve(load(case)))
