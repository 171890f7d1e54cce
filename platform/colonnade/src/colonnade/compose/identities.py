"""How the certificates of mTLS reach containers: each part mounts its own, which no other part does."""

from colonnade.ir.peers import EDGE, peers
from colonnade.ir.platform import Platform
from colonnade.ir.target import CURRENT

OWN_FOLDER = "/run/colonnade/identity"
"""Where a part finds its own."""
ALL_FOLDER = "/run/colonnade/identities"
"""Where the container that makes them has those of every part."""
AUTHORITY_FOLDER = "/run/colonnade/peers-ca"
AUTHORITY_FILE = f"{AUTHORITY_FOLDER}/ca.pem"


def mount(platform: Platform, part: str = EDGE) -> list[str]:
    """Return the mount of a part; none where mTLS is off."""
    return [f"identity-{part}:{OWN_FOLDER}:ro"] if platform.mtls else []


def environment(platform: Platform) -> dict[str, str]:
    """Return what tells a BFF or service where its certificate is."""
    return {"IDENTITY_FOLDER": f"{OWN_FOLDER}/{CURRENT}"} if platform.mtls else {}


def volumes(platform: Platform) -> list[str]:
    """Return the mounts of the container that makes them."""
    if not platform.mtls:
        return []
    each = [f"identity-{peer.part}:{folder(peer.part)}" for peer in peers(platform)]
    return [*each, f"peers-ca:{AUTHORITY_FOLDER}"]


def build(platform: Platform) -> dict[str, str]:
    """Return what the image of that container is told: where volumes will be, to make them its user's."""
    return {"PEERS": " ".join(peer.part for peer in peers(platform))} if platform.mtls else {}


def folder(part: str) -> str:
    """Return where the container that makes them has those of a part."""
    return f"{ALL_FOLDER}/{part}"
