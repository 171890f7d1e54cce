"""The files outside the BFFs that are generated from the manifests and committed."""

from collections.abc import Mapping
from pathlib import Path

from colonnade import observability
from colonnade.compose import compose, scraped
from colonnade.ir.platform import Platform
from colonnade.scaffold import owners

COMPOSE_FILE = "compose.yaml"


def generated(root: Path, platform: Platform) -> Mapping[str, str]:
    """Return path → text of every generated file of the platform at `root`, as it should be."""
    file = root / owners.FILE
    written = file.read_text(encoding="utf-8") if file.exists() else ""
    return {
        owners.FILE: owners.with_owners(written, platform.bffs),
        COMPOSE_FILE: compose(platform),
        **observability.files(platform, scraped(platform)),
    }


def drifted(root: Path, platform: Platform) -> list[str]:
    """Return the generated files that are missing or say something else than the manifests."""
    return [path for path, text in generated(root, platform).items() if _read(root / path) != text]


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None
