"""`bff new`: a BFF rendered from its kind's templates, added to the platform in one step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from colonnade.errors import UserError
from colonnade.manifest.bff import BffManifest
from colonnade.manifest.load import BFF_FILE, BFF_FOLDER, Manifests, Written, load
from colonnade.manifest.model import Kind
from colonnade.manifest.positions import read_document
from colonnade.manifest.validate import validate
from colonnade.resolve import resolve
from colonnade.scaffold import workspace
from colonnade.scaffold.answers import Answers, choose, listening
from colonnade.scaffold.changes import STATE_FOLDER, Changes, lock
from colonnade.scaffold.generated import generated
from colonnade.scaffold.names import check_kind, check_name, check_owner
from colonnade.scaffold.template import Files, render, write


@dataclass(frozen=True, slots=True)
class NewBff:
    """What was made: the answers, the BFF's files, and the platform's files that changed with it."""

    answers: Answers
    files: tuple[str, ...]
    updated: tuple[str, ...]


def new_bff(
    root: Path,
    name: str,
    kind: str,
    owner: str | None = None,
    *,
    venv: Path | None = None,
    in_use: Callable[[int], bool] = listening,
) -> NewBff:
    """Add a BFF to the platform at `root`, and to the environment `venv` where it is that platform's.

    Raises `UserError` before anything is written where the name, kind or owner will not do; after
    any failure the platform is as it was.
    """
    known_kind = check_kind(kind)
    owner = owner or f"@{name}-team"
    with lock(root):
        manifests = load(root)
        check_name(name, manifests)
        check_owner(owner)
        target = root / BFF_FOLDER / name
        if target.exists():
            raise UserError(f"the folder {BFF_FOLDER}/{name} exists already", "choose another name")
        resolve(manifests)
        answers = choose(name, known_kind, owner, manifests, in_use)
        files = render_bff(root, answers)
        with Changes(root / STATE_FOLDER) as changes:
            folder = changes.scratch / name
            write(files, folder)
            texts = generated(root, resolve(_with(manifests, folder, target)))
            updated = write_generated(changes, root, texts)
            add_to_environment(changes, root, venv, also=target / "src")
            # Last, because the watcher of a running stack starts the BFF as soon as it sees it.
            changes.move(folder, target)
    return NewBff(answers, tuple(sorted(path.as_posix() for path in files)), updated)


def render_bff(root: Path, answers: Answers) -> Files:
    """Return the files of a BFF of this platform, as its templates are now."""
    return render(bff_layers(root, Kind(answers.kind)), answers.variables)


def bff_layers(root: Path, kind: Kind) -> list[Path]:
    """Return the template folders of a BFF of `kind`: what all kinds share, then the kind's own."""
    templates = root / "templates" / "bff"
    return [templates / "_shared", templates / kind.value]


def write_generated(changes: Changes, root: Path, texts: Mapping[str, str]) -> tuple[str, ...]:
    """Write the generated files; return the paths of those that changed."""
    changed = [path for path, text in texts.items() if _differs(root / path, text)]
    for path in changed:
        changes.write(root / path, texts[path])
    return tuple(changed)


def add_to_environment(changes: Changes, root: Path, venv: Path | None, also: Path | None = None) -> None:
    """Bring the environment's list of source folders up to date, unless another platform made it."""
    if venv is None:
        return
    file = workspace.pth_file(venv)
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    if not any(Path(line).is_relative_to(root) for line in lines):
        return
    folders = [*workspace.source_folders(root), *([also] if also else [])]
    changes.write(file, workspace.pth_text(folders))


def _with(manifests: Manifests, folder: Path, target: Path) -> Manifests:
    """The manifests with the BFF in `folder`, as if it stood in `target` already."""
    document = replace(read_document(folder / BFF_FILE), file=target / BFF_FILE)
    written = Written(validate(document, BffManifest), document)
    bffs = dict(sorted({**manifests.bffs, target.name: written}.items()))
    return replace(manifests, bffs=bffs)


def _differs(file: Path, text: str) -> bool:
    return not file.exists() or file.read_text(encoding="utf-8") != text
