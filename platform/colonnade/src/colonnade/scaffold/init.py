"""`bff init`: a complete platform folder that runs with its own `./bff`."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from colonnade.errors import UserError
from colonnade.manifest.load import BFF_FOLDER, load
from colonnade.manifest.model import Kind
from colonnade.resolve import resolve
from colonnade.scaffold.answers import SERVICES, Answers
from colonnade.scaffold.changes import CACHES, Changes
from colonnade.scaffold.generated import generated
from colonnade.scaffold.names import check_form
from colonnade.scaffold.new import bff_layers, write_generated
from colonnade.scaffold.template import render, write

COPIED = (
    ".ci/lock",
    ".dockerignore",
    "LICENSE",
    "bff",
    "conftest.py",
    "constraints.txt",
    "deploy/envoy",
    "deploy/valkey",
    "docs",
    "platform",
    "pyproject.toml",
    "services",
    "templates",
)
"""What a new platform takes over as it is, from the platform that makes it."""

PORTS = {Kind.WEB: 3000, Kind.MOBILE: 3001, Kind.IOT: 3002}


@dataclass(frozen=True, slots=True)
class NewPlatform:
    """What was made: the platform's name, its folder, and its BFFs."""

    name: str
    folder: Path
    bffs: tuple[str, ...]


def init_platform(source: Path, folder: Path) -> NewPlatform:
    """Make a platform in `folder`, named as it, from the parts of the platform at `source`.

    Raises `UserError` where the folder's name will not do for a platform or something is in it; after
    any failure nothing is left behind.
    """
    folder = folder.absolute()
    check_form(folder.name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} exists and is not an empty folder", "choose a new folder")
    beside = next(parent for parent in folder.parents if parent.is_dir())
    with Changes(beside) as changes:
        made = changes.scratch / folder.name
        _copy(source, made)
        write(render([source / "templates" / "platform"], {"name": folder.name}), made)
        for kind in Kind:
            layers = [*bff_layers(source, kind), source / "templates" / "demo" / kind.value]
            write(render(layers, _answers(kind).variables), made / BFF_FOLDER / kind.value)
        write_generated(changes, made, generated(made, resolve(load(made))))
        changes.move(made, folder)
    return NewPlatform(folder.name, folder, tuple(kind.value for kind in Kind))


def _answers(kind: Kind) -> Answers:
    name = kind.value
    return Answers(name, name, f"@{name}-team", PORTS[kind], f"/api/{name}", SERVICES[kind])


def _copy(source: Path, target: Path) -> None:
    for file in _sources(source):
        copy = target / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / file, copy)


def _sources(root: Path) -> list[Path]:
    """The files to take over, relative to `root`; the parts come proven, so without their tests."""
    files = _listed(root) or _walked(root)
    return [
        file for file in files if not (file.parts[0] in {"platform", "services"} and "tests" in file.parts)
    ]


def _listed(root: Path) -> list[Path]:
    """What git knows or would know; nothing where there is no git."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"]
    try:
        done = subprocess.run([*command, *COPIED], capture_output=True, check=True, text=True)  # noqa: S603 - fixed words
    except (OSError, subprocess.CalledProcessError):
        return []
    return [Path(name) for name in sorted({*done.stdout.split("\0")}) if name and (root / name).is_file()]


def _walked(root: Path) -> list[Path]:
    tops = [root / name for name in COPIED]
    files = [file for top in tops for file in ([top] if top.is_file() else sorted(top.rglob("*")))]
    kept = [file.relative_to(root) for file in files if file.is_file()]
    return [file for file in kept if not CACHES & {*file.parts} and file.suffix != ".pyc"]
