"""Delivers resources to an edge: files that appear whole, by renames into a folder that Envoy watches."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from colonnade.envoy.bootstrap import bootstrap
from colonnade.envoy.edges import EDGES_FILE, all_edges, live_edges
from colonnade.envoy.message import Json, written
from colonnade.envoy.resources import resources, upstreams
from colonnade.ir.platform import Platform
from colonnade.ir.target import Address, Target


def write_bootstrap(folder: Path, platform: Platform, target: Target) -> Path:
    """Write the static part into `folder`; return its file, to start Envoy with."""
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / EDGES_FILE, written({"resources": [all_edges(target)]}))
    file = folder / "envoy.json"
    _replace(file, written(bootstrap(platform, target)))
    return file


def publish(folder: Path, platform: Platform, target: Target) -> bool:
    """Publish what changed into `folder`; return whether anything did.

    A cluster that is gone stays until the next change, because requests that were routed to it may still
    be on their way.
    """
    return _publish(folder, resources(platform, target))


def publish_upstreams(folder: Path, platform: Platform, target: Target) -> bool:
    """Publish only what routes may name, so that an edge can have it ready before `publish` does the rest.

    A request for a cluster that the edge has read, but not made ready, is answered with 503.
    """
    return _publish(folder, upstreams(platform, target))


def _publish(folder: Path, resources: Mapping[str, list[Json]]) -> bool:
    folder.mkdir(parents=True, exist_ok=True)
    changed = False
    for name, found in resources.items():
        file = folder / f"{name}.json"
        before = _published(file)
        if name == "cds":
            if before and _without(before, found) == found:
                continue
            found = _retiring(before, found)  # noqa: PLW2901 - what is published in its place
        if before != found:
            _replace(file, written(_delivery(found)))
            changed = True
    return changed


def publish_live(folder: Path, edges: Sequence[Address]) -> None:
    """Tell the edge that reads `folder` which edges are alive."""
    _replace(folder / EDGES_FILE, written({"resources": [live_edges(edges)]}))


def published_version(folder: Path, name: str) -> str | None:
    """Return the version of what lies in `folder` as `cds`, `rds` or `lds`; Envoy tells which it uses."""
    try:
        version: str = msgspec.json.decode((folder / f"{name}.json").read_bytes())["version_info"]
    except FileNotFoundError:
        return None
    return version


def _delivery(resources: list[Json]) -> Json:
    version = hashlib.sha256(written(resources).encode()).hexdigest()[:16]
    return {"version_info": version, "resources": resources}


def _published(file: Path) -> list[Json]:
    try:
        resources: list[Json] = msgspec.json.decode(file.read_bytes())["resources"]
    except FileNotFoundError:
        return []
    return resources


def _without(before: list[Json], now: list[Json]) -> list[Json]:
    """What is published, without clusters that only retire."""
    names = {cluster["name"] for cluster in now}
    return [cluster for cluster in before if cluster["name"] in names]


def _retiring(before: list[Json], now: list[Json]) -> list[Json]:
    """The clusters of now, and those of before that are gone."""
    names = {cluster["name"] for cluster in now}
    return [*now, *(cluster for cluster in before if cluster["name"] not in names)]


def _replace(file: Path, text: str) -> None:
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(file)
