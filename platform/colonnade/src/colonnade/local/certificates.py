"""Keeps the certificates of a local stack's edges what they should be, from its start on."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from pathlib import Path

from colonnade.errors import UserError
from colonnade.ir.platform import Platform, Tls
from colonnade.local import identities
from colonnade.local.layout import Layout
from colonnade.tls import Sources, publish_certificates

LOOK_EVERY_S = 2.0

Renew = Callable[[Collection[str]], Awaitable[None]]
"""Starts the processes of parts anew, with the certificates that these have now."""


def publish(layout: Layout, platform: Platform) -> bool:
    """Bring the edges' certificates, and those of mTLS, up to date; return whether the edges' changed.

    Raises `UserError` where a given one cannot be used; the edges keep what they have.
    """
    identities.publish(layout, platform)
    tls = platform.edge.tls
    if tls is None:
        return False
    return publish_certificates(sources(layout, platform, tls), layout.certificates, datetime.now(UTC))


def publish_change(layout: Layout, before: Platform, platform: Platform) -> None:
    """Bring up to date what another platform needs; files that are renewed are the matter of `follow`.

    So one that cannot be used stops no restart, no rollback, and no publish that has nothing to do with it.
    """
    if (before.edge.tls, before.hosts) != (platform.edge.tls, platform.hosts):
        publish(layout, platform)
    else:
        identities.publish(layout, platform)


def sources(layout: Layout, platform: Platform, tls: Tls) -> Sources:
    """Return where the edges' certificates come from: the files that the manifest names, or the CA here."""
    root = layout.root
    given = (root / tls.certificate[0], root / tls.certificate[1]) if tls.certificate else None
    client_ca = root / tls.client_ca if tls.client_ca else None
    return Sources(given, client_ca, layout.authority, platform.hosts)


def authority(layout: Layout, platform: Platform) -> Path | None:
    """Return the certificate of the development CA, where that is what vouches for the edge."""
    tls = platform.edge.tls
    return layout.authority if tls is not None and tls.certificate is None else None


async def follow(
    layout: Layout, platform: Callable[[], Platform], say: Callable[[str], None], renew: Renew
) -> None:
    """Publish renewed certificates until cancelled; tell of each, and once of what is wrong with one.

    BFFs and services get theirs by `renew`.
    """
    told = ""
    known = identities.versions(layout, platform())
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            changed = await asyncio.to_thread(publish, layout, platform())
        except (UserError, OSError) as error:
            problem = f"the certificates of the edge stay as they are: {error}"
        else:
            problem = "the certificates of the edge were replaced" if changed else ""
        if problem and problem != told:
            say(problem)
        told = problem
        before, known = known, identities.versions(layout, platform())
        if renewed := [part for part, version in known.items() if before.get(part, version) != version]:
            await renew(renewed)
