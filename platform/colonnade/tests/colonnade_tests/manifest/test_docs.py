"""What the pages show of manifests is what manifests may say."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from colonnade.manifest.bff import BffManifest
from colonnade.manifest.platform import PlatformManifest
from colonnade.manifest.positions import read_document

DOCS = Path(__file__).parents[5] / "docs"
EXAMPLE = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
LEFT_OUT = re.compile(r"…,? ?")
PLATFORM: Mapping[str, Any] = {"name": "shop"}
BFF: Mapping[str, Any] = {
    "name": "tv",
    "kind": "mobile",
    "owner": "@tv",
    "port": 3003,
    "route": {"prefix": "/api/tv"},
    "auth": {"type": "none"},
}
SERVICE = {"path": "services/any", "port": 8103}
ROUTE = {"prefix": "/api/tv"}


def examples() -> Iterator[Any]:
    # Elsewhere pages show a single limit, or places that each reader fills in.
    for page in sorted([*DOCS.glob("*.md"), *DOCS.glob("observability/*.md")]):
        text = page.read_text(encoding="utf-8")
        for found in EXAMPLE.finditer(text):
            line = text[: found.start()].count("\n") + 1
            if not found[1].startswith("# compose"):
                yield pytest.param(found[1], id=f"{page.relative_to(DOCS)}:{line}")


def whole(said: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What an example says of a platform and of a BFF, with what it leaves out."""
    of_platform = {key: value for key, value in said.items() if key in PlatformManifest.model_fields}
    of_bff = {key: value for key, value in said.items() if key in BffManifest.model_fields}
    if isinstance(said.get("services"), list) or "owner" in said:
        of_platform = {}
    else:
        of_bff.pop("services", None)
        services = said.get("services", {}).items()
        of_platform |= {"services": {name: SERVICE | dict(told) for name, told in services}}
    if "version" in said and "owner" not in said:
        of_bff = {}
    if "route" in of_bff:
        of_bff["route"] = ROUTE | of_bff["route"]
    return {**PLATFORM, **of_platform}, {**BFF, **of_bff}


@pytest.mark.parametrize("text", list(examples()))
def test_an_example_is_a_manifest(text: str, tmp_path: Path) -> None:
    file = tmp_path / "example.yaml"
    file.write_text(LEFT_OUT.sub("", text), encoding="utf-8")
    said = read_document(file).data
    unknown = said.keys() - PlatformManifest.model_fields.keys() - BffManifest.model_fields.keys()
    of_platform, of_bff = whole(said)

    assert set() == unknown
    PlatformManifest.model_validate_json(json.dumps(of_platform))
    BffManifest.model_validate_json(json.dumps(of_bff))
