"""Holds what the manifests say is run from a folder against the folders that there are."""

from collections.abc import Iterator

from colonnade.errors import ManifestError, Problem, nearest
from colonnade.manifest.load import BFF_FOLDER, Manifests


def require_folders(manifests: Manifests) -> None:
    """Raise `ManifestError` where a service or a BFF has no folder.

    A BFF has none where its manifest was kept, and the BFF was removed since.
    """
    problems = [problem.seen_from(manifests.root) for problem in _missing(manifests)]
    if problems:
        raise ManifestError(problems)


def _missing(manifests: Manifests) -> Iterator[Problem]:
    root, platform = manifests.root, manifests.platform
    for name, service in platform.manifest.services.items():
        if service.path and not (root / service.path).is_dir():
            beside = sorted((root / service.path).parent.glob("*/pyproject.toml"))
            hint = nearest(service.path, [str(file.parent.relative_to(root)) for file in beside])
            location = ("services", name, "path")
            yield platform.document.problem(location, f"there is no folder {service.path}", hint)
    for name, bff in manifests.bffs.items():
        if not (root / BFF_FOLDER / name).is_dir():
            message = f"there is no folder {BFF_FOLDER}/{name} any more"
            yield bff.document.problem(("name",), message, "bring it back, from git for example")
