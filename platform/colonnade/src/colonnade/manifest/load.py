"""Reads a platform folder: its `colonnade.yaml` and the `bff.yaml` of every BFF."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import BaseModel

from colonnade.errors import ManifestError, Problem, UserError
from colonnade.manifest.bff import BffManifest
from colonnade.manifest.platform import PlatformManifest
from colonnade.manifest.positions import Document, read_document
from colonnade.manifest.validate import validate

PLATFORM_FILE = "colonnade.yaml"
BFF_FILE = "bff.yaml"
BFF_FOLDER = "bffs"

if TYPE_CHECKING:
    from colonnade.manifest.descriptor import Descriptor

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Written(Generic[M]):
    """A manifest, and the document it was written in."""

    manifest: M
    document: Document


@dataclass(frozen=True, slots=True)
class Manifests:
    """All that was written in one platform folder; BFFs by folder name, sorted.

    `descriptors` are those of the exposed services that speak gRPC.
    """

    root: Path
    platform: Written[PlatformManifest]
    bffs: Mapping[str, Written[BffManifest]]
    descriptors: Mapping[str, "Descriptor"] = field(default_factory=dict)

    def exposed(self) -> Iterator[Written[BffManifest]]:
        """Yield what is said of each exposed service, as a BFF says it of itself."""
        for name, service in sorted(self.platform.manifest.services.items()):
            if (expose := service.expose) is not None:
                manifest = BffManifest(
                    name=name,
                    kind=expose.kind,
                    owner="@platform",
                    port=service.port,
                    route=expose.route,
                    routes=expose.routes,
                    auth=expose.auth,
                    limits=expose.limits,
                    cors=expose.cors,
                    breaker=expose.breaker,
                )
                yield Written(manifest, self.platform.document.below(("services", name, "expose")))


def find_root(start: Path) -> Path:
    """Return the nearest folder at or above `start` that holds `colonnade.yaml`.

    Raises `UserError` where there is none.
    """
    for folder in (start, *start.parents):
        if (folder / PLATFORM_FILE).is_file():
            return folder
    raise UserError(f"no {PLATFORM_FILE} in {start} or above it", "run bff init to make a platform")


def bff_files(root: Path) -> list[Path]:
    """Return every `bff.yaml` of the platform, sorted."""
    return sorted((root / BFF_FOLDER).glob(f"*/{BFF_FILE}"))


def load(root: Path, kept: Path | None = None) -> Manifests:
    """Return the manifests of the platform at `root`. Raises `ManifestError` with all problems.

    With `kept`, the manifests of that folder instead; what they refer to is in `root` all the same.
    """
    problems: list[Problem] = []
    folder = kept or root
    platform = _load_one(folder / PLATFORM_FILE, PlatformManifest, root, problems)
    bffs = {file.parent.name: _load_one(file, BffManifest, root, problems) for file in bff_files(folder)}
    descriptors = _descriptors(root, platform, problems) if platform is not None else {}
    if platform is None or problems:
        raise ManifestError(problems)
    found = {name: bff for name, bff in bffs.items() if bff is not None}
    return Manifests(root, platform, found, descriptors)


def load_platform(root: Path) -> PlatformManifest:
    """Return the platform's own manifest, whatever those of its BFFs are like. Raises `ManifestError`."""
    problems: list[Problem] = []
    written = _load_one(root / PLATFORM_FILE, PlatformManifest, root, problems)
    if written is None:
        raise ManifestError(problems)
    return written.manifest


def load_with(root: Path, proposed: Path) -> tuple[Manifests, str]:
    """Return the manifests with the BFF's own replaced by the one in `proposed`, and that BFF's name.

    Raises `ManifestError` as `load` does, `UserError` where there is no such BFF.
    """
    manifests = load(root)
    problems: list[Problem] = []
    written = _load_one(proposed, BffManifest, root, problems)
    if written is None:
        raise ManifestError(problems)
    name = written.manifest.name
    if name not in manifests.bffs:
        raise UserError(f"{proposed}: there is no BFF {name}", f"there are {', '.join(manifests.bffs)}")
    return replace(manifests, bffs={**manifests.bffs, name: written}), name


def _descriptors(
    root: Path, platform: Written[PlatformManifest], problems: list[Problem]
) -> dict[str, "Descriptor"]:
    """Return what the exposed services offer, after adding the problems with their files."""
    files = {
        name: root / service.expose.descriptor
        for name, service in platform.manifest.services.items()
        if service.expose is not None and service.expose.descriptor is not None
    }
    if files:
        from colonnade.manifest.descriptor import Descriptor  # noqa: PLC0415 - few need protobuf
    found = {}
    for name, file in files.items():
        try:
            found[name] = Descriptor.read(file)
        except UserError as error:
            at = ("services", name, "expose", "descriptor")
            problem = platform.document.problem(at, error.message, error.hint)
            problems.append(problem.seen_from(root))
    return found


def _load_one(file: Path, model: type[M], root: Path, problems: list[Problem]) -> Written[M] | None:
    """Return the manifest in `file`, or None after adding its problems, named relative to `root`."""
    try:
        document = read_document(file)
        return Written(validate(document, model), document)
    except ManifestError as error:
        problems += [problem.seen_from(root) for problem in error.problems]
        return None
