"""Where BFFs share kept answers, resolved; and where they may not."""

from collections.abc import Iterator
from datetime import timedelta

from colonnade.errors import Problem
from colonnade.ir import cache as ir
from colonnade.manifest.cache import Cache
from colonnade.manifest.load import Manifests


def resolve_cache(cache: Cache | None) -> ir.Cache | None:
    """Return where a BFF's instances share kept answers; None: each keeps its own."""
    if cache is None:
        return None
    return ir.Cache((cache.url.scheme, cache.url.name), cache.timeout // timedelta(milliseconds=1))


def check_cache(manifests: Manifests) -> Iterator[Problem]:
    """Yield every cache that is the store: who reads the one would read sessions in the other."""
    store = manifests.platform.manifest.store.url
    for written in manifests.bffs.values():
        cache = written.manifest.cache
        if cache is not None and cache.url == store:
            message = "this is the platform's store, where sessions are"
            yield written.document.problem(("cache", "url"), message, "give the BFF a cache of its own")
