"""The PEM files that the edges read: copied from where they are given, or made, and replaced as one."""

import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from colonnade.errors import UserError
from colonnade.ir.target import CERTIFICATE, CLIENT_CA, KEY
from colonnade.tls.folder import published, replace_files

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the edge's certificates come from.

    Without `certificate` (a chain and its key), the development CA whose own is `authority` issues one for
    this machine and the `hosts` of the routes. `client_ca` signs the certificates of clients.
    """

    certificate: tuple[Path, Path] | None
    client_ca: Path | None
    authority: Path
    hosts: tuple[str, ...] = ()


def publish_certificates(sources: Sources, folder: Path, now: datetime) -> bool:
    """Bring the files in `folder` up to date, for edges that follow it; return whether they changed.

    Raises `UserError` where a given file cannot be read or used; then the files stay as they are.
    """
    files = _made(sources, folder, now) if sources.certificate is None else _given(*sources.certificate)
    if sources.client_ca is not None:
        files[CLIENT_CA] = _read(sources.client_ca)
    return replace_files(folder, files, lambda version: _check(version, sources))


def _given(certificate: Path, key: Path) -> dict[str, bytes]:
    return {CERTIFICATE: _read(certificate), KEY: _read(key)}


def _made(sources: Sources, folder: Path, now: datetime) -> dict[str, bytes]:
    from colonnade.tls.authority import Authority  # noqa: PLC0415 - only development needs it

    names = (*LOCAL_NAMES, *sources.hosts)
    authority = Authority.open(sources.authority, names, now)
    before = published(folder)
    if CERTIFICATE in before and authority.vouches_for(before[CERTIFICATE], names, now):
        return {name: before[name] for name in (CERTIFICATE, KEY)}
    certificate, key = authority.issue(names, now)
    return {CERTIFICATE: certificate, KEY: key}


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        hint = "see edge.tls in colonnade.yaml"
        raise UserError(f"{file} cannot be read: {error.strerror}", hint) from error


def _check(version: Path, sources: Sources) -> None:
    """Have the files judged before any edge reads them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # An encrypted key is refused, where OpenSSL would ask the terminal for its password.
        context.load_cert_chain(version / CERTIFICATE, version / KEY, password="")
    except (OSError, ValueError) as error:
        told = " and ".join(map(str, sources.certificate or ()))
        hint = "PEM is needed: the chain, its own certificate first, and its key without a password"
        raise UserError(f"{told} cannot be used together: {error}", hint) from error
    if sources.client_ca is not None:
        try:
            context.load_verify_locations(version / CLIENT_CA)
        except (OSError, ValueError) as error:
            raise UserError(f"{sources.client_ca} holds no certificate in PEM: {error}") from error
