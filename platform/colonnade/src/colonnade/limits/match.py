"""Finds the route of a request, as Envoy does."""

from collections.abc import Mapping, Sequence

from colonnade.ir.route import Match, Route

AUTH = "/auth"
"""The login's own pages, which stand before all routes."""


def find_route(
    routes: Sequence[Route], host: str, path: str, method: str, headers: Mapping[str, str]
) -> Route | None:
    """Return the first of `routes` that takes the request; header names are in lower case."""
    name = host.partition(":")[0].lower()
    if _below(path, AUTH):
        return None
    return next((route for route in routes if _takes(route.match, name, path, method, headers)), None)


def _takes(match: Match, host: str, path: str, method: str, headers: Mapping[str, str]) -> bool:
    return (
        _below(path, match.prefix)
        and (not match.methods or method in match.methods)
        and any(_is(host, pattern) for pattern in match.hosts)
        and all(headers.get(name.lower()) == value for name, value in match.headers)
    )


def _below(path: str, prefix: str) -> bool:
    return prefix in {"/", path} or path.startswith(f"{prefix}/")


def _is(host: str, pattern: str) -> bool:
    return pattern in {"*", host} or (pattern.startswith("*.") and host.endswith(pattern[1:]))
