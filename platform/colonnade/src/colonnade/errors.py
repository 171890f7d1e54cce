"""The errors that a person gets to see.

ColonnadeError
├── UserError          wrong use or bad input: exit code 2
│   └── ManifestError  one or more problems in a manifest
└── WorkError          the work itself failed: exit code 1
"""

import difflib
import errno
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path


def nearest(text: str, known: Iterable[str]) -> str:
    """Return a hint for a name that is not `known`: the nearest that is, or all."""
    known = list(known)
    found = difflib.get_close_matches(text, known, n=1)
    return f"did you mean {found[0]!r}?" if found else f"valid here: {', '.join(known) or 'none'}"


class ColonnadeError(Exception):
    """Something to tell the person, and what they can do about it."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UserError(ColonnadeError):
    """The command was used wrongly, or its input is bad."""

    exit_code = 2


class WorkError(ColonnadeError):
    """The command was right, and its work failed."""


_NOT_WRITABLE = "make it writable for the user who runs this, or work in another folder"
_FULL = "make room on that disk"
_TOO_MANY_FILES = "allow more: ulimit -n 4096"
_SYSTEM = {
    errno.EACCES: _NOT_WRITABLE,
    errno.EPERM: _NOT_WRITABLE,
    errno.EROFS: _NOT_WRITABLE,
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EMFILE: _TOO_MANY_FILES,
    errno.ENFILE: _TOO_MANY_FILES,
}
"""What the system may lack for whatever we do, and what helps."""


def in_words(error: Exception) -> ColonnadeError | None:
    """Return what a person is told of `error`; None where it is not expected, and a fault of ours."""
    if isinstance(error, ColonnadeError):
        return error
    if isinstance(error, OSError) and error.errno in _SYSTEM:
        where = f"{error.filename}: " if error.filename else ""
        return WorkError(f"{where}{error.strerror}", _SYSTEM[error.errno])
    return None


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a manifest: where it is, what is wrong, and what to do.

    `line` and `column` count from 1; `key` is a dotted path such as `limits[0].rate`.
    """

    file: Path
    line: int
    column: int
    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Return the problem as a compiler prints one: `file:line:column: key: message (hint)`."""
        where = f"{self.file}:{self.line}:{self.column}"
        key = f"{self.key}: " if self.key else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}: {key}{self.message}{hint}"

    def seen_from(self, root: Path) -> "Problem":
        """Return the problem with its file relative to `root`, where it is below it."""
        return replace(self, file=self.file.relative_to(root)) if self.file.is_relative_to(root) else self


class ManifestError(UserError):
    """All problems found in the manifests, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (str(p.file), p.line, p.column)))
        super().__init__("\n".join(str(problem) for problem in self.problems))
