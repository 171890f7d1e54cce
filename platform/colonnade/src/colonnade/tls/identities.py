"""The certificates that the platform's own parts show each other, from a CA that vouches for nobody else."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from colonnade.ir.peers import Peer
from colonnade.ir.target import CERTIFICATE, KEY, PEERS_CA
from colonnade.tls.folder import published, replace_files


def publish_identities(
    authority_file: Path, domain: str, peers: Iterable[tuple[Peer, Path]], now: datetime
) -> list[str]:
    """Bring each peer's folder up to date; return the parts whose certificate was made or renewed.

    The CA is made on first use; all names are below `domain`.
    """
    from colonnade.tls.authority import Authority  # noqa: PLC0415 - only mTLS needs it

    authority = Authority.open(authority_file, [domain], now)
    changed = []
    for peer, folder in peers:
        files = _issued(authority, peer, published(folder), now)
        if replace_files(folder, files | {PEERS_CA: authority_file.read_bytes()}, lambda _: None):
            changed.append(peer.part)
    return changed


def _issued(authority: "Authority", peer: Peer, before: dict[str, bytes], now: datetime) -> dict[str, bytes]:  # type: ignore[name-defined]  # noqa: F821 - imported late
    if CERTIFICATE in before and authority.vouches_for(before[CERTIFICATE], [peer.name], now):
        return {name: before[name] for name in (CERTIFICATE, KEY)}
    certificate, key = authority.issue([peer.name], now, serves=peer.serves, calls=peer.calls)
    return {CERTIFICATE: certificate, KEY: key}
