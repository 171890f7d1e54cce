"""Renders folders of templates, later ones over earlier ones, into files."""

import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from colonnade.errors import WorkError

SUFFIX = ".jinja"
"""A file that ends so is rendered and loses the ending; others are copied as they are."""

Files = Mapping[Path, tuple[bytes, int]]
"""Relative path → content and permission bits."""


def render(layers: Sequence[Path], variables: Mapping[str, object]) -> Files:
    """Return what the template folders `layers` render to; a later layer replaces files of an earlier.

    Names of files and folders may hold variables too. Raises `WorkError`, naming the template, where
    one cannot be rendered: an unknown variable is an error, never an empty text.
    """
    environment = SandboxedEnvironment(
        undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True
    )
    files: dict[Path, tuple[bytes, int]] = {}
    for layer in layers:
        for source in _sources(layer):
            try:
                target = environment.from_string(source.relative_to(layer).as_posix()).render(variables)
                content = source.read_bytes()
                if target.endswith(SUFFIX):
                    target = target.removesuffix(SUFFIX)
                    content = environment.from_string(content.decode()).render(variables).encode()
            except (TemplateError, UnicodeDecodeError) as error:
                raise WorkError(f"template {source} cannot be rendered: {error}") from error
            files[Path(target)] = (content, stat.S_IMODE(source.stat().st_mode))
    return files


def write(files: Files, folder: Path) -> None:
    """Write rendered `files` below `folder`."""
    for path, (content, mode) in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(mode)


def _sources(layer: Path) -> list[Path]:
    if not layer.is_dir():
        raise WorkError(f"the templates in {layer} are missing")
    found = (file for file in layer.rglob("*") if file.is_file())
    return sorted(file for file in found if "__pycache__" not in file.parts)
