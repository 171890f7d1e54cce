"""Who is who among the platform's own parts, where they show each other certificates (mTLS)."""

from dataclasses import dataclass

from colonnade.ir.platform import Platform

EDGE = "edge"


@dataclass(frozen=True, slots=True)
class Peer:
    """A part with a certificate of its own: `serves` others, or `calls` them, or both."""

    part: str
    name: str
    serves: bool
    calls: bool


def domain(platform: Platform) -> str:
    """Return the domain of all the names: `.internal` is nobody's in public."""
    return f"{platform.name}.internal"


def peer_name(platform: Platform, part: str) -> str:
    """Return the name that is in the certificate of a part, wherever its instances run."""
    return f"{part}.{domain(platform)}"


def peers(platform: Platform) -> tuple[Peer, ...]:
    """Return the edge, the BFFs and the services that the platform runs; none where mTLS is off."""
    if not platform.mtls:
        return ()
    found = [(EDGE, False, True)]
    found += [(bff.name, True, True) for bff in platform.bffs]
    found += [(service.name, True, False) for service in platform.services if service.path is not None]
    return tuple(Peer(part, peer_name(platform, part), serves, calls) for part, serves, calls in found)
