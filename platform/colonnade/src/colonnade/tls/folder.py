"""PEM files behind a link, so that who follows it sees all of them replaced in one step."""

import shutil
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

from colonnade.errors import UserError
from colonnade.ir.target import CURRENT


def published(folder: Path) -> dict[str, bytes]:
    """Return the files that are there now."""
    current = folder / CURRENT
    return {file.name: file.read_bytes() for file in current.iterdir()} if current.exists() else {}


def replace_files(folder: Path, files: Mapping[str, bytes], check: Callable[[Path], None]) -> bool:
    """Publish `files` unless they are there already; return whether they were not.

    `check` gets their folder before anybody follows the link to it; where it raises `UserError`, nothing
    changes.
    """
    if files == published(folder):
        return False
    version = folder / _digest(files)
    try:
        _write(version, files)
        check(version)
    except UserError:
        shutil.rmtree(version)
        raise
    _switch(folder, version)
    return True


def _digest(files: Mapping[str, bytes]) -> str:
    return sha256(b"".join(sha256(files[name]).digest() for name in sorted(files))).hexdigest()[:16]


def _write(version: Path, files: Mapping[str, bytes]) -> None:
    version.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in files.items():
        (version / name).touch(mode=0o600)
        (version / name).write_bytes(content)


def _switch(folder: Path, version: Path) -> None:
    """Let the link that edges follow lead to `version`, in one step; keep only what they may still read."""
    current = folder / CURRENT
    before = current.resolve() if current.exists() else None
    link = folder / f".{CURRENT}"
    link.unlink(missing_ok=True)
    link.symlink_to(version.name)
    link.replace(current)
    for old in folder.iterdir():
        if old.is_dir() and not old.is_symlink() and old not in {version, before}:
            shutil.rmtree(old)
