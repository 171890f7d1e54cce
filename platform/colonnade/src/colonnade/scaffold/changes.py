"""Changes to files that hold together: all of them, or none."""

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from colonnade.errors import WorkError

STATE_FOLDER = ".colonnade"

CACHES = {"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".venv"}
"""Folders that tools leave behind: neither work of a person nor source."""


@contextmanager
def lock(root: Path) -> Iterator[None]:
    """Let one command at a time change the files of the platform at `root`; others wait."""
    folder = root / STATE_FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "scaffold.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class Changes:
    """A block whose file changes are undone, last first, where it fails.

    An `OSError` leaves the block as a `WorkError`. `scratch` is a folder on the same file system as
    `beside`, gone after the block, so that what is made in it can be moved in one step.
    """

    def __init__(self, beside: Path) -> None:
        self._beside = beside
        self._undo: list[Callable[[], object]] = []
        self.scratch = beside

    def __enter__(self) -> Self:
        """Make the scratch folder."""
        self.scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=self._beside))
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Undo everything after a failure; remove the scratch folder in any case."""
        if error is not None:
            for undo in reversed(self._undo):
                undo()
        shutil.rmtree(self.scratch, ignore_errors=True)
        if isinstance(error, OSError):
            raise WorkError(f"nothing was changed: {error}") from error

    def write(self, file: Path, text: str) -> None:
        """Make `file` say `text`, atomically; its folder is made where it is missing."""
        old = file.read_bytes() if file.exists() else None
        if old == text.encode():
            return
        self._make_folders(file.parent)
        partial = file.with_name(f".{file.name}.new")
        self._undo.append(lambda: _forget(partial))
        partial.write_text(text, encoding="utf-8")
        self._undo.append(lambda: file.unlink(missing_ok=True) if old is None else file.write_bytes(old))
        partial.replace(file)

    def move(self, source: Path, target: Path) -> None:
        """Rename `source` to `target`, which must not exist or be an empty folder."""
        self._make_folders(target.parent)
        source.rename(target)
        self._undo.append(lambda: target.rename(source))

    def _make_folders(self, folder: Path) -> None:
        for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
            missing.mkdir()
            self._undo.append(missing.rmdir)


def _forget(partial: Path) -> None:
    """Remove what a write that failed may have left."""
    with suppress(OSError):
        partial.unlink()
