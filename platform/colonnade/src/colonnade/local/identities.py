"""The certificates that the parts of a local stack show each other."""

from datetime import UTC, datetime
from pathlib import Path

from colonnade.ir.peers import EDGE, domain, peers
from colonnade.ir.platform import Platform
from colonnade.ir.target import CURRENT
from colonnade.local.layout import Layout
from colonnade.tls import publish_identities


def publish(layout: Layout, platform: Platform) -> list[str]:
    """Bring all of them up to date; return the parts whose certificate was made or renewed.

    The edges take theirs up at once, BFFs and services when they start: see `versions`.
    """
    if not platform.mtls:
        return []
    folders = [(peer, layout.identity(peer.part)) for peer in peers(platform)]
    return publish_identities(layout.peers_authority, domain(platform), folders, datetime.now(UTC))


def versions(layout: Layout, platform: Platform) -> dict[str, str]:
    """Return for each BFF and service what tells its certificate from those before."""
    parts = [peer.part for peer in peers(platform) if peer.part != EDGE]
    return {part: files(layout, part).resolve().name for part in parts}


def files(layout: Layout, part: str) -> Path:
    """Return the folder with the files that a part reads now."""
    return layout.identity(part) / CURRENT
