"""The keys that encrypt the tokens of browser sessions: a file with one key a line, newest first."""

import os
import secrets
from pathlib import Path

from colonnade.errors import UserError, WorkError
from colonnade.ir.platform import Identity
from colonnade.local.layout import Layout

KEY_BYTES = 32


def rotate(identity: Identity, layout: Layout) -> tuple[Path, int]:
    """Put a new key before the others; return the file and how many it holds now.

    The running edges take the new one at once and still read what the old ones encrypted. Raises `UserError`
    where the keys are not in a file.
    """
    file = _file(identity, layout)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        before = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        lines = [secrets.token_urlsafe(KEY_BYTES), *before]
        _replace(file, "".join(f"{line}\n" for line in lines))
    except OSError as error:
        raise WorkError(f"the session keys in {file} cannot be changed: {error.strerror}") from error
    return file, sum(1 for line in lines if line.strip() and not line.startswith("#"))


def _file(identity: Identity, layout: Layout) -> Path:
    reference = identity.session.encryption_keys
    if reference is None:
        return layout.session_keys_file
    scheme, name = reference
    if scheme != "file":
        hint = f"put a new key (32 random bytes in base64url) first in {name}, and restart the edges"
        raise UserError(f"the session keys are in the variable {name}, not in a file", hint)
    return layout.root / name


def _replace(file: Path, text: str) -> None:
    """Write a file that only this user can read, in one step."""
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write(text)
    partial.replace(file)
