"""Where the instances of a BFF share kept answers."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cache:
    """A Valkey or Redis; `url` is the secret's reference, and a request waits `timeout_ms` for it."""

    url: tuple[str, str]
    timeout_ms: int


def cached(cache: Cache | None) -> Mapping[str, str]:
    """Return what a BFF is told of its cache, besides its URL."""
    return {} if cache is None else {"CACHE_TIMEOUT": str(cache.timeout_ms)}
