"""Who can reach whom: the networks of a compose stack."""

from typing import Any

from colonnade.ir.platform import Bff, Platform, Service

FRONT = "front"
EDGE = "edge"
BACKEND = "backend"
SERVICES = "services"
STORE = "store"
EGRESS = "egress"

INTERNAL = (EDGE, BACKEND, SERVICES, STORE)
"""Networks without a way out and without published ports."""


def of_edge(*, published: bool) -> list[str]:
    """Envoy: the balancer in front of it, and the BFFs and policy services behind it.

    One that is `published` has clients of its own.
    """
    return [*([FRONT] if published else []), EDGE, BACKEND]


def of_policy(platform: Platform) -> list[str]:
    """The policy service: asked by Envoy, reads the store, and talks to the identity provider."""
    return list(dict.fromkeys([BACKEND, *_to_store(platform), *_to_issuer(platform)]))


def of_console(platform: Platform) -> list[str]:
    """The console: published to this machine, reads the store."""
    return [FRONT, *_to_store(platform)]


def of_bff(bff: Bff, platform: Platform) -> list[str]:
    """A BFF: called by Envoy, calls services; a cache, and a service that runs elsewhere, need a way out."""
    elsewhere = {service.name for service in platform.services if service.url}
    out = bff.cache is not None or elsewhere & {*bff.services}
    return [BACKEND, SERVICES, *([EGRESS] if out else [])]


def of_service(service: Service) -> list[str]:
    """A service: called by BFFs, and where it is exposed by Envoy, too."""
    return [*([BACKEND] if service.exposed is not None else []), SERVICES]


def declared(used: set[str]) -> dict[str, Any]:
    """Return the `networks` of compose.yaml for those in use, in the order from outside to inside."""
    order = (FRONT, EDGE, BACKEND, SERVICES, STORE, EGRESS)
    return {name: {"internal": True} if name in INTERNAL else {} for name in order if name in used}


def _to_store(platform: Platform) -> list[str]:
    return [STORE] if platform.store_url is None else [EGRESS]


def _to_issuer(platform: Platform) -> list[str]:
    return [] if platform.development else [EGRESS]
