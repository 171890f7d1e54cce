"""`bff remove`: takes a BFF out of the platform again."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from colonnade.errors import ManifestError, UserError, nearest
from colonnade.manifest.bff import BffManifest
from colonnade.manifest.load import BFF_FILE, BFF_FOLDER, bff_files, load
from colonnade.manifest.positions import read_document
from colonnade.manifest.validate import validate
from colonnade.resolve import resolve
from colonnade.scaffold.answers import recall
from colonnade.scaffold.changes import CACHES, STATE_FOLDER, Changes, lock
from colonnade.scaffold.generated import generated
from colonnade.scaffold.new import add_to_environment, render_bff, write_generated


@dataclass(frozen=True, slots=True)
class RemovedBff:
    """What was removed, and the platform's files that changed with it."""

    name: str
    updated: tuple[str, ...]


def remove_bff(root: Path, name: str, *, force: bool = False, venv: Path | None = None) -> RemovedBff:
    """Remove the BFF `name` from the platform at `root`.

    Raises `UserError` where there is none, or where work would be lost: files that neither are as
    they were rendered nor are committed; `force` removes those too. After a failure all is as it was.
    """
    with lock(root):
        known = [file.parent.name for file in bff_files(root)]
        if name not in known:
            raise UserError(f"there is no BFF {name!r}", nearest(name, known))
        lost = [] if force else unsaved(root, name)
        if lost:
            some = ", ".join(lost[:3]) + (f" and {len(lost) - 3} more" if lost[3:] else "")
            raise UserError(
                f"bffs/{name} holds work that is not committed: {some}", "commit it, or give --force"
            )
        with Changes(root / STATE_FOLDER) as changes:
            changes.move(root / BFF_FOLDER / name, changes.scratch / name)
            updated = write_generated(changes, root, generated(root, resolve(load(root))))
            add_to_environment(changes, root, venv)
    return RemovedBff(name, updated)


def unsaved(root: Path, name: str) -> list[str]:
    """Return the BFF's files that removal would lose: neither committed, nor as the templates render them."""
    folder = root / BFF_FOLDER / name
    present = {file.relative_to(folder) for file in folder.rglob("*") if file.is_file()}
    written = {file for file in present if not CACHES & {*file.parts}}
    rendered = _rendered(root, folder)
    changed = {file for file in written if rendered.get(file) != (folder / file).read_bytes()}
    return sorted(file.as_posix() for file in changed - _committed(folder))


def _rendered(root: Path, folder: Path) -> dict[Path, bytes]:
    try:
        manifest = validate(read_document(folder / BFF_FILE), BffManifest)
    except ManifestError:
        return {}  # broken by hand, so nothing is known to be as it was rendered
    return {path: content for path, (content, _) in render_bff(root, recall(manifest)).items()}


def _committed(folder: Path) -> set[Path]:
    """The files that git's last commit holds as they are now; none where there is no git."""
    try:
        kept = _git(folder, "ls-tree", "-r", "--name-only", "-z", "HEAD", ".")
        return kept - _git(folder, "diff", "--name-only", "--relative", "-z", "HEAD", ".")
    except (OSError, subprocess.CalledProcessError):
        return set()


def _git(folder: Path, *arguments: str) -> set[Path]:
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, check=True, text=True)  # noqa: S603 - fixed words
    return {Path(name) for name in done.stdout.split("\0") if name}
