"""How the edges' certificates reach their containers: by a volume that no other part mounts."""

from collections.abc import Mapping

from colonnade.compose.addresses import TLS_FOLDER
from colonnade.ir.platform import Platform

MOUNT = f"tls:{TLS_FOLDER}"
AUTHORITY_FOLDER = f"{TLS_FOLDER}-ca"
AUTHORITY_FILE = f"{AUTHORITY_FOLDER}/ca.pem"
"""The development CA, with its key: only the container that issues certificates mounts it."""

CERTIFICATE, KEY, CLIENT_CA = "tls-certificate", "tls-key", "client-ca"
"""The given files, as secrets of compose."""


def given(platform: Platform) -> Mapping[str, str]:
    """Return secret → file on the host, of those that the manifest refers to."""
    tls = platform.edge.tls
    if tls is None:
        return {}
    found = dict(zip((CERTIFICATE, KEY), tls.certificate, strict=True)) if tls.certificate else {}
    return found | ({CLIENT_CA: tls.client_ca} if tls.client_ca else {})


def volumes(platform: Platform) -> list[str]:
    """Return the mounts of the container that fills the volume."""
    tls = platform.edge.tls
    if tls is None:
        return []
    return [MOUNT, *([f"tls-ca:{AUTHORITY_FOLDER}"] if tls.certificate is None else [])]


def secret_file(name: str) -> str:
    """Return where a container finds a secret of compose."""
    return f"/run/secrets/{name}"
