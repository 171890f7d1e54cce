"""The checks behind `bff check`, each with its own result."""

import asyncio
import re
import tempfile
import tomllib
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from colonnade.cli import schemas
from colonnade.contracts.check import check_contracts
from colonnade.envoy.validate import validate
from colonnade.errors import ColonnadeError, ManifestError, UserError, WorkError
from colonnade.ir.platform import Bff, Platform
from colonnade.local.addresses import target
from colonnade.local.certificates import sources
from colonnade.local.layout import Layout
from colonnade.local.ports import default_ports
from colonnade.manifest.folders import require_folders
from colonnade.manifest.load import load
from colonnade.resolve import resolve
from colonnade.resolve.identity import warnings
from colonnade.scaffold.changes import Changes
from colonnade.scaffold.generated import drifted, generated
from colonnade.tls import publish_certificates

COMPOSE = "compose.yaml"
CACHE_EXTRA = re.compile(r"colonnade-runtime\s*\[[^]]*\bcache\b")


@dataclass(frozen=True, slots=True)
class Result:
    """One check: what it found, its error if it failed, and whether somebody should have a look if not."""

    name: str
    summary: str
    error: ColonnadeError | None = None
    warning: bool = False

    @property
    def word(self) -> str:
        """The result in a word: ok, warn or FAIL."""
        if self.error is not None:
            return "FAIL"
        return "warn" if self.warning else "ok"

    def to_data(self) -> dict[str, Any]:
        """Return the result as JSON has it, with every problem of a manifest on its own."""
        error = self.error
        problems = error.problems if isinstance(error, ManifestError) else ()
        return {
            "name": self.name,
            "ok": error is None,
            "warning": self.warning,
            "summary": self.summary,
            "error": {"message": error.message, "hint": error.hint} if error else None,
            "problems": [asdict(problem) | {"file": str(problem.file)} for problem in problems],
        }


def run_checks(root: Path, *, fix: bool) -> list[Result]:
    """Return the result of every check; where the manifests are wrong, of that one only."""
    try:
        manifests = load(root)
        require_folders(manifests)
        platform = resolve(manifests)
    except ManifestError as error:
        count = len(error.problems)
        return [Result("manifests", f"{count} problem{'s' * (count != 1)}", error)]
    found = f"{len(platform.bffs)} BFFs, {len(platform.routes)} routes, {len(platform.services)} services"
    return [
        Result("manifests", found),
        *(Result("identity", str(one.seen_from(root)), warning=True) for one in warnings(manifests)),
        _contracts(root, platform),
        *(_cache_client(root, bff) for bff in platform.bffs if bff.cache),
        _envoy(root, platform),
        _tls(root, platform),
        _generated(root, platform, fix=fix),
    ]


def _cache_client(root: Path, bff: Bff) -> Result:
    """A BFF that is told of a cache and cannot speak to it would not start."""
    file = Path("bffs", bff.name, "pyproject.toml")
    try:
        given = tomllib.loads((root / file).read_text(encoding="utf-8"))["project"]["dependencies"]
    except (OSError, ValueError, KeyError) as error:
        return Result("cache", f"{file} cannot be read", UserError(f"{file}: {error}"))
    if any(CACHE_EXTRA.match(dependency) for dependency in given):
        return Result("cache", f"{bff.name} has its client")
    hint = 'name it among the dependencies, as in "colonnade-runtime[cache]"'
    return Result(
        "cache", f"{bff.name} lacks its client", UserError(f"{file}: a cache needs the extra `cache`", hint)
    )


def _contracts(root: Path, platform: Platform) -> Result:
    name = "contracts"
    try:
        checked = check_contracts(root, platform)
    except ColonnadeError as error:
        return Result(name, "cannot be checked", error)
    if checked.problems:
        count = len(checked.problems)
        return Result(name, f"{count} problem{'s' * (count != 1)}", ManifestError(checked.problems))
    without = f"; no contract of {', '.join(checked.unknown)}" if checked.unknown else ""
    return Result(name, f"{checked.calls} calls fit what the services offer{without}")


def _envoy(root: Path, platform: Platform) -> Result:
    name = "envoy"
    try:
        asyncio.run(validate(platform, target(platform, default_ports(platform), Layout(root), 1)))
    except ColonnadeError as error:
        return Result(name, "refuses the compiled configuration", error)
    return Result(name, "accepts the compiled configuration")


def _tls(root: Path, platform: Platform) -> Result:
    name, tls = "tls", platform.edge.tls
    if tls is None:
        summary = "not served without edge.tls.certificate: a balancer in front of the edge has to end TLS"
        return Result(name, summary, warning=True)
    try:
        with tempfile.TemporaryDirectory(prefix="colonnade-check-") as folder:
            # A check leaves nothing behind, so not even a development CA.
            here = replace(sources(Layout(root), platform, tls), authority=Path(folder) / "ca" / "ca.pem")
            publish_certificates(here, Path(folder) / "edge", datetime.now(UTC))
    except UserError as error:
        return Result(name, "cannot be served", error)
    certificate = tls.certificate[0] if tls.certificate else "a certificate of the development CA"
    return Result(name, f"on port {tls.port}, with {certificate}")


def _generated(root: Path, platform: Platform, *, fix: bool) -> Result:
    name = "generated files"
    paths = drifted(root, platform) if (root / COMPOSE).exists() else []
    if (root / schemas.FOLDER).is_dir():
        paths += schemas.drifted(root)
    if not paths:
        return Result(name, "say what the manifests say")
    if not fix:
        error = WorkError(f"out of date: {', '.join(paths)}", "run bff check --fix")
        return Result(name, f"{len(paths)} out of date", error)
    texts = {**generated(root, platform), **schemas.schemas()}
    Layout(root).make()
    with Changes(Layout(root).folder) as changes:
        for path in paths:
            changes.write(root / path, texts[path])
    return Result(name, f"wrote {', '.join(paths)}")
