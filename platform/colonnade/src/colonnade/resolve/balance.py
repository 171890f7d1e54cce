"""Instances and how requests are spread over them, resolved; and what about it cannot be."""

from collections.abc import Iterator
from typing import TypeVar

from pydantic import BaseModel

from colonnade.errors import Problem
from colonnade.ir import balance as ir
from colonnade.ir.instances import numbered
from colonnade.manifest.balance import Balance, Canary, Mirror
from colonnade.manifest.bff import BffManifest
from colonnade.manifest.load import Manifests, Written
from colonnade.manifest.positions import Location

M = TypeVar("M", bound=BaseModel)

SPENT = ("authorization", "cookie", "x-api-key")
"""Headers that end at the edge."""
IDENTITY = ("x-user-id", "x-client-id", "x-device-id")
"""Headers by which a BFF tells a service who asks, and the edge tells a BFF."""
FOUND = (*IDENTITY, "x-user-email", "x-user-roles")
"""Headers that only the edge gives: what a client sends under these names is removed."""


def resolve_balance(balance: Balance) -> ir.Balance:
    """Return the policy of a part."""
    ttl_s = balance.ttl.total_seconds() if balance.ttl else None
    return ir.Balance(balance.policy, balance.weights, balance.key or "", balance.max_load, ttl_s)


def resolve_canary(canary: Canary | None, name: str) -> ir.Canary | None:
    """Return the canary of the BFF `name`."""
    if canary is None:
        return None
    given = canary.sticky == "cookie"
    key = f"cookie:canary-{name}" if given else canary.sticky
    return ir.Canary(canary.bff, canary.weight, canary.header, "" if key == "none" else key, given)


def resolve_mirror(mirror: Mirror | None) -> ir.Mirror | None:
    """Return where copies go."""
    return None if mirror is None else ir.Mirror(mirror.bff, mirror.share, mirror.methods)


def check_balance(manifests: Manifests) -> Iterator[Problem]:
    """Yield what about instances, balancing, canaries and mirrors cannot be."""
    platform = manifests.platform
    for name, service in platform.manifest.services.items():
        at = ("services", name)
        yield from _instances(platform, at, name, service.replicas, manifests)
        yield from _weights(platform, at, service.balance, service.replicas)
        key = service.balance.key
        if key is not None and key.removeprefix("header:") not in IDENTITY:
            hint = f"take one of {', '.join(f'header:{header}' for header in IDENTITY)}"
            yield platform.document.problem((*at, "balance", "key"), "a service is not told this", hint)
    for written in manifests.bffs.values():
        yield from _bff(written, manifests)


def _bff(written: Written[BffManifest], manifests: Manifests) -> Iterator[Problem]:
    bff, problem = written.manifest, written.document.problem
    most = manifests.platform.manifest.guardrails.max_replicas
    if bff.replicas > most:
        yield problem(("replicas",), f"the guardrails allow at most {most}")
    yield from _instances(written, (), bff.name, bff.replicas, manifests)
    yield from _weights(written, (), bff.balance, bff.replicas)
    if (bff.balance.key or "").removeprefix("header:") in SPENT:
        hint = "header:x-user-id is who is calling, as the edge found it"
        yield problem(("balance", "key"), "this header ends at the edge", hint)
    if bff.canary is not None and bff.canary.header in {*FOUND, *SPENT, "host"}:
        message = "no client can choose by a header that the edge reads or gives itself"
        yield problem(("canary", "header"), message, "take one of your own such as x-canary")
    if bff.canary is not None and bff.canary.sticky.removeprefix("header:") in FOUND:
        message = "who is calling is found after the canary was drawn"
        yield problem(("canary", "sticky"), message, "take cookie, ip, or a header that the client sends")
    yield from _one_hash(written)
    for part, other in (("canary", bff.canary), ("mirror", bff.mirror)):
        if other is not None and (other.bff not in manifests.bffs or other.bff == bff.name):
            others = ", ".join(name for name in manifests.bffs if name != bff.name) or "none"
            message = f"{other.bff!r} is not another BFF of this platform"
            yield problem((part, "bff"), message, f"valid here: {others}")


def _one_hash(written: Written[BffManifest]) -> Iterator[Problem]:
    """Envoy hashes one thing of a request: to draw it, and to find its instance."""
    balance, canary = written.manifest.balance, written.manifest.canary
    if balance.key is None or canary is None or not canary.weight or canary.sticky == "none":
        return
    if canary.sticky != balance.key:
        hint = f"draw by it too (sticky: {balance.key}), or for each request (sticky: none)"
        yield written.document.problem(("canary", "sticky"), f"requests are spread by {balance.key}", hint)
    elif balance.ttl is not None:
        message = "a cookie that the edge has yet to give draws nobody"
        yield written.document.problem(("canary", "sticky"), message, "say sticky: none, or no ttl")


def _instances(
    written: Written[M], at: Location, name: str, replicas: int, manifests: Manifests
) -> Iterator[Problem]:
    """Yield each instance whose name is that of another part."""
    parts = {*manifests.platform.manifest.services, *manifests.bffs}
    for instance in numbered(name, replicas)[1:]:
        if instance in parts:
            message = f"{instance} would be the name of an instance, and is that of another process"
            yield written.document.problem((*at, "replicas"), message, "rename the other one")


def _weights(written: Written[M], at: Location, balance: Balance, replicas: int) -> Iterator[Problem]:
    if balance.weights and len(balance.weights) != replicas:
        message = f"{len(balance.weights)} weights, and {replicas} instances"
        yield written.document.problem((*at, "balance", "weights"), message, "give one for each instance")
