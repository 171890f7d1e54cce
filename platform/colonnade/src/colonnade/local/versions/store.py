"""Keeps the last versions: a folder each, that appears whole."""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from colonnade.errors import UserError
from colonnade.local.state import write_text
from colonnade.local.versions.manifests import Texts, changed, read_texts, revision
from colonnade.local.versions.version import Outcome, Version

KEEP = 50
"""Versions kept; a large platform's is a few megabytes."""

ABOUT = "version.json"
MANIFESTS = "manifests"
COMPILED = "compiled"


class Versions:
    """The versions in one folder. `clock` tells the seconds since 1970."""

    def __init__(self, folder: Path, keep: int = KEEP, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._keep = keep
        self._clock = clock

    @property
    def current(self) -> Version | None:
        """The version that was published last, and so is in effect while the stack runs."""
        return next((one for one in self.history() if one.outcome is Outcome.PUBLISHED), None)

    def history(self) -> list[Version]:
        """Return the versions that are kept, the newest first.

        One that is damaged (a full disk, a lost machine) is left out: it must not keep a stack from starting.
        """
        return [one for one in map(self._read, reversed(list(self._numbers()))) if one is not None]

    def get(self, number: int) -> Version:
        """Return a version. Raises `UserError` where it is not kept."""
        if number not in (kept := list(self._numbers())):
            there = f"there are {kept[0]} to {kept[-1]}" if kept else "nothing was published here yet"
            raise UserError(f"there is no version {number}", there)
        version = self._read(number)
        if version is None:
            raise UserError(f"version {number} is damaged", f"remove {self._folder / str(number)}")
        return version

    def before(self, number: int) -> Version:
        """Return what was in effect before a version. Raises `UserError` where that is not kept."""
        for one in self.history():
            if one.number < number and one.outcome is Outcome.PUBLISHED:
                return one
        raise UserError(f"no version before {number} is kept", "bff config history lists them")

    def manifests_folder(self, number: int) -> Path:
        """Return the folder with the manifests of a version, which compiles as a platform's own does."""
        return self._folder / str(self.get(number).number) / MANIFESTS

    def manifests(self, number: int) -> dict[str, str]:
        """Return the manifests of a version."""
        return _texts(self.manifests_folder(number))

    def compiled(self, number: int) -> dict[str, str]:
        """Return what the manifests of a version were compiled to."""
        return _texts(self._folder / str(self.get(number).number) / COMPILED)

    def record(
        self, manifests: Texts, compiled: Texts, *, author: str, cause: str, outcome: Outcome, note: str = ""
    ) -> Version:
        """Keep a new version, and drop the oldest where there are too many."""
        before = self.current
        kept = list(self._numbers())
        version = Version(
            number=kept[-1] + 1 if kept else 1,
            at=self._clock(),
            author=author,
            cause=cause,
            revision=revision(manifests),
            files=changed(self.manifests(before.number) if before else {}, manifests),
            outcome=outcome,
            note=note,
        )
        self._write(version, manifests, compiled)
        self._drop([*kept, version.number])
        return version

    def settle(self, version: Version, outcome: Outcome, note: str) -> Version:
        """Say what became of a version."""
        settled = replace(version, outcome=outcome, note=note)
        write_text(self._folder / str(version.number) / ABOUT, _json(settled))
        return settled

    def _numbers(self) -> Iterator[int]:
        names = (child.name for child in self._folder.iterdir()) if self._folder.is_dir() else ()
        yield from sorted(int(name) for name in names if name.isdecimal())

    def _read(self, number: int) -> Version | None:
        try:
            return msgspec.json.decode((self._folder / str(number) / ABOUT).read_bytes(), type=Version)
        except (OSError, msgspec.MsgspecError):
            return None

    def _write(self, version: Version, manifests: Texts, compiled: Texts) -> None:
        draft = self._folder / f".{version.number}"
        shutil.rmtree(draft, ignore_errors=True)
        for part, texts in ((MANIFESTS, manifests), (COMPILED, compiled)):
            for path, text in texts.items():
                file = draft / part / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
        (draft / ABOUT).write_text(_json(version), encoding="utf-8")
        draft.rename(self._folder / str(version.number))

    def _remove(self, number: int) -> None:
        """Hidden first: what is interrupted leaves no half of a version."""
        hidden = self._folder / f".{number}"
        shutil.rmtree(hidden, ignore_errors=True)
        (self._folder / str(number)).rename(hidden)
        shutil.rmtree(hidden)

    def _drop(self, numbers: list[int]) -> None:
        """Drop the oldest, but never what is in effect."""
        current = self.current
        for number in numbers[: -self._keep]:
            if current is None or number != current.number:
                self._remove(number)


def _texts(folder: Path) -> dict[str, str]:
    return read_texts(folder, tuple(sorted(file for file in folder.rglob("*") if file.is_file())))


def _json(version: Version) -> str:
    return msgspec.json.format(msgspec.json.encode(version), indent=1).decode()
