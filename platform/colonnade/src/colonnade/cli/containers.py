"""Compiles the manifests for a stack of containers: `python -m colonnade.cli.containers ROOT FOLDER`.

The edges' certificates are copied, or in development made, on the way.

The container `config` of compose.yaml runs it; run it again, and running edges take the change up.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from colonnade.compose import certificates, identities, mounted
from colonnade.compose.addresses import TLS_FOLDER, target
from colonnade.compose.mounted import EDGE
from colonnade.envoy.publish import publish, write_bootstrap
from colonnade.errors import ColonnadeError
from colonnade.ir.peers import domain, peers
from colonnade.ir.platform import Platform
from colonnade.manifest.load import load
from colonnade.resolve import resolve
from colonnade.tls import Sources, publish_certificates, publish_identities


def write(folder: Path, platform: Platform) -> None:
    """Write what changed of all that containers mount, by renames; the edges' resources come last."""
    for path, text in mounted(platform).items():
        file = folder / path
        if file.exists() and file.read_text(encoding="utf-8") == text:
            continue
        file.parent.mkdir(exist_ok=True)
        partial = file.with_suffix(".new")
        partial.write_text(text, encoding="utf-8")
        partial.replace(file)
    publish_tls(platform)
    publish_peers(platform)
    edge = folder / EDGE
    edge.mkdir(exist_ok=True)
    seen = target(platform)
    write_bootstrap(edge, platform, seen)
    publish(edge, platform, seen)


def publish_tls(platform: Platform) -> None:
    """Bring the edges' certificates up to date; running edges take them up."""
    tls, found = platform.edge.tls, certificates.given(platform)
    if tls is None:
        return
    files = {name: Path(certificates.secret_file(name)) for name in found}
    pair = (files[certificates.CERTIFICATE], files[certificates.KEY]) if tls.certificate else None
    client_ca, authority = files.get(certificates.CLIENT_CA), Path(certificates.AUTHORITY_FILE)
    sources = Sources(pair, client_ca, authority, platform.hosts)
    publish_certificates(sources, Path(TLS_FOLDER), datetime.now(UTC))


def publish_peers(platform: Platform) -> None:
    """Bring the certificates of mTLS up to date; edges take them up at once, other parts when they start."""
    folders = [(peer, Path(identities.folder(peer.part))) for peer in peers(platform)]
    if folders:
        authority = Path(identities.AUTHORITY_FILE)
        publish_identities(authority, domain(platform), folders, datetime.now(UTC))


def main(arguments: list[str]) -> int:
    """Compile the platform in `ROOT` into `FOLDER`; return the exit code."""
    root, folder = (Path(argument) for argument in arguments)
    try:
        write(folder, resolve(load(root)))
    except ColonnadeError as error:
        sys.stderr.write(f"{error.message}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
