"""A platform folder with one BFF and templates of a few lines, for tests of the scaffolder."""

import os
from pathlib import Path

PLATFORM = """\
version: 1
name: small
services:
  order: {path: services/order, port: 8103}
  elsewhere: {url: "http://elsewhere.example", port: 3003}
"""

BFF = """\
version: 1
name: {name}
kind: mobile
owner: "{owner}"
port: {port}
route: {{prefix: {prefix}}}
auth: {{type: jwt}}
limits: [{{name: all, rate: 100/minute}}]
services: {services}
"""

TEMPLATE = BFF.format(
    name="{{ name }}",
    owner="{{ owner }}",
    port="{{ port }}",
    prefix="{{ prefix }}",
    services="[{{ services | join(', ') }}]",
)


def small_platform(root: Path) -> Path:
    """Make the platform in `root`."""
    put(root / "colonnade.yaml", PLATFORM)
    put(root / "CODEOWNERS", "* @platform-team\n")
    text = BFF.format(
        name="mobile", owner="@mobile-team", port=3001, prefix="/api/mobile", services="[order]"
    )
    put(root / "bffs" / "mobile" / "bff.yaml", text)
    templates = root / "templates" / "bff"
    for kind in ("web", "mobile", "iot"):
        put(templates / kind / "bff.yaml.jinja", TEMPLATE)
        put(templates / kind / "src" / "{{ package }}" / "__init__.py.jinja", '"""{{ title }}."""\n')
    put(templates / "_shared" / "README.md.jinja", "# {{ title }}\n")
    put(templates / "_shared" / "plain.txt", "{{ as it is }}\n")
    return root


def put(file: Path, text: str) -> None:
    """Write `file`, making its folders."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def tree(root: Path) -> dict[str, bytes]:
    """Everything below `root` but what is nobody's work, to compare before and after."""
    return {
        os.path.relpath(Path(folder, name), root): Path(folder, name).read_bytes()
        for folder, _, names in os.walk(root)
        for name in names
        if ".git" not in Path(folder).parts and name != "scaffold.lock"
    }
