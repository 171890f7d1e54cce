"""The manifests of a platform as texts, by their path below its folder."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from colonnade.manifest.load import PLATFORM_FILE, bff_files

Texts = Mapping[str, str]


def read_manifests(root: Path) -> dict[str, str]:
    """Return the texts of all manifests below `root` that can be read."""
    return read_texts(root, (root / PLATFORM_FILE, *bff_files(root)))


def read_texts(root: Path, files: "tuple[Path, ...]") -> dict[str, str]:
    """Return the texts of `files`, by their path below `root`; what cannot be read is left out."""
    found: dict[str, str] = {}
    for file in files:
        try:
            found[str(file.relative_to(root))] = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
    return found


def revision(texts: Texts) -> str:
    """Return what names this content: twelve hexadecimal digits of a SHA-256."""
    digest = hashlib.sha256()
    for path in sorted(texts):
        digest.update(f"{path}\0{len(texts[path].encode())}\0".encode() + texts[path].encode())
    return digest.hexdigest()[:12]


def changed(before: Texts, now: Texts) -> tuple[str, ...]:
    """Return the paths that were added, removed or edited, sorted."""
    return tuple(sorted(path for path in before.keys() | now.keys() if before.get(path) != now.get(path)))
