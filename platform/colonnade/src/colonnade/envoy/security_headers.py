"""Headers on every answer that bound what a browser may do with it; a BFF's own win.

They are told with the routes, which covers what BFFs and the policy service answer and what Envoy answers
on a route, and with Envoy's own words for what has no route.
"""

from collections.abc import Mapping

from colonnade.envoy.message import Json
from colonnade.ir.route import Route

ALWAYS = {
    # An answer is data: a browser must neither guess its type, nor run or frame it.
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    # Not no-referrer: with that, browsers send `Origin: null` with the forms of a page.
    "referrer-policy": "same-origin",
}
UNCACHED = {"cache-control": "no-store"}
CORS = ("access-control-allow-origin", "access-control-allow-credentials")
"""Which origin may read an answer is told by the manifest alone; what a BFF says of it is taken away."""


def security_headers() -> list[Json]:
    """Return the headers of every answer."""
    return defaults(ALWAYS)


def caching(route: Route) -> list[Json]:
    """Return the header that keeps answers to somebody known out of caches, where the BFF is silent."""
    return [] if route.auth.type == "none" else defaults(UNCACHED)


def varying(route: Route) -> list[Json]:
    """Return the header that keeps an answer for one origin's pages from those of another, in caches."""
    if route.cors is None or route.cors.origins == ("*",):
        return []
    return [{"header": {"key": "vary", "value": "Origin"}, "append_action": "APPEND_IF_EXISTS_OR_ADD"}]


def defaults(headers: Mapping[str, str]) -> list[Json]:
    """Return `headers` as Envoy adds them where an answer lacks them."""
    return [
        {"header": {"key": name, "value": value}, "append_action": "ADD_IF_ABSENT"}
        for name, value in headers.items()
    ]
