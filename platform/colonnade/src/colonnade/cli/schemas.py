"""The JSON Schemas of both manifests, as files."""

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from colonnade.manifest.bff import BffManifest
from colonnade.manifest.platform import PlatformManifest

FOLDER = "docs/schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> Mapping[str, str]:
    """Return path → text of each schema file."""
    models: dict[str, type[BaseModel]] = {"colonnade": PlatformManifest, "bff": BffManifest}
    return {
        f"{FOLDER}/{name}.schema.json": json.dumps({"$schema": DIALECT} | model.model_json_schema(), indent=2)
        + "\n"
        for name, model in models.items()
    }


def drifted(root: Path) -> list[str]:
    """Return the schema files that are missing or say something else than the models."""
    return [path for path, text in schemas().items() if not _says(root / path, text)]


def write(root: Path) -> None:
    """Write the schema files."""
    for path, text in schemas().items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _says(file: Path, text: str) -> bool:
    return file.exists() and file.read_text(encoding="utf-8") == text
