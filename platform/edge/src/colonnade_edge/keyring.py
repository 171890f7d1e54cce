"""Encryption of what the store must not be able to read: AES-256-GCM (NIST SP 800-38D), keys that rotate.

A keyring is text with one key a line, newest first: 32 random bytes each, in base64url. The first encrypts,
all decrypt. Blank lines, and lines that begin with `#`, are no keys.
"""

import binascii
import logging
import secrets
from base64 import urlsafe_b64decode
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from colonnade_edge.errors import SettingsError, Unavailable

KEY_BYTES = 32
NONCE_BYTES = 12
FORMAT = b"\x01"
"""The first byte of all that is sealed, so that another way can follow."""

log = logging.getLogger(__name__)

Stamp = tuple[int, int, int]


class Keyring:
    """The keys of all instances; those of a file are read anew when it changes.

    What is sealed is bound to where it is kept: moved elsewhere in the store, it does not open.
    """

    def __init__(self, text: str = "", file: Path | None = None) -> None:
        """Take the keys in `text`, or in `file`; raise `SettingsError` where they are none."""
        self._file = file
        self._seen = _stamp(file) if file is not None else None
        try:
            self._keys = _keys(_read(file) if file is not None else text)
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"the session keys cannot be read: {file or 'SESSION_KEYS'}: {error}"
            ) from error

    def seal(self, plain: bytes, place: str) -> bytes:
        """Return `plain` encrypted by the newest key, for `place` only; raise `Unavailable` without a key."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return FORMAT + nonce + self._current()[0].encrypt(nonce, plain, place.encode())

    def unseal(self, sealed: bytes, place: str) -> bytes | None:
        """Return what was sealed for `place`, None where no key opens it; raise `Unavailable` without any."""
        nonce, encrypted = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        keys = self._current()
        if not sealed.startswith(FORMAT) or len(nonce) != NONCE_BYTES:
            return None
        for key in keys:
            try:
                return key.decrypt(nonce, encrypted, place.encode())
            except InvalidTag:
                continue
        return None

    def _current(self) -> tuple[AESGCM, ...]:
        if self._file is not None:
            self._refresh(self._file)
        if not self._keys:
            raise Unavailable("this edge has no session keys: set SESSION_KEYS_FILE")
        return self._keys

    def _refresh(self, file: Path) -> None:
        """Read the file if it changed; one that holds no keys leaves those that there are."""
        stamp = _stamp(file)
        if stamp is None or stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._keys = _keys(_read(file))
        except (OSError, ValueError) as error:
            log.error("session keys refused, the old ones stay: %s: %s", file, error)  # noqa: TRY400 - it says all
        else:
            log.info("%d session keys are in use", len(self._keys))


def _keys(text: str) -> tuple[AESGCM, ...]:
    lines = enumerate(text.splitlines(), start=1)
    return tuple(_key(line.strip(), number) for number, line in lines if line.strip() and line[0] != "#")


def _key(line: str, number: int) -> AESGCM:
    try:
        key = urlsafe_b64decode(line + "=" * (-len(line) % 4))
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"line {number} is not {KEY_BYTES} bytes in base64url")
    return AESGCM(key)


def _read(file: Path) -> str:
    text = file.read_text(encoding="utf-8")
    if not text.strip():
        raise ValueError("it is empty")
    return text


def _stamp(file: Path) -> Stamp | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size
