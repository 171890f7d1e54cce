"""Virtual hosts and routes: what is matched, how it is rewritten, and how long it may take."""

import re
from collections.abc import Iterator, Sequence

from colonnade.envoy import hygiene
from colonnade.envoy.filters import route_filters
from colonnade.envoy.filters.local_limit import login_limit
from colonnade.envoy.filters.scopes import scope_metadata
from colonnade.envoy.listener import ROUTES
from colonnade.envoy.message import Json, duration, typed
from colonnade.envoy.retries import resent, retrying
from colonnade.envoy.route_tree import Parts, route_tree
from colonnade.envoy.security_headers import CORS, UNCACHED, caching, defaults, security_headers, varying
from colonnade.envoy.sharing import hash_policy, shared
from colonnade.envoy.tracing import span_name, trace_header
from colonnade.ir.platform import Bff, Platform
from colonnade.ir.route import Match, PrefixRewrite, RegexRewrite, Route
from colonnade.ir.target import Target

PREFLIGHT = "OPTIONS"
HOST = r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
LOGIN_TIMEOUT_S = 15.0
STREAM: Json = {"priority": "HIGH"}
"""Their priority only says that streams are counted apart from requests."""
WEBSOCKET: Json = {"upgrade_configs": [{"upgrade_type": "websocket"}]}
WEBSOCKET_KEY = "Y29sb25uYWRlIG92ZXIgaDI="
"""What a client of HTTP/2 does not send, and a server of HTTP/1.1 wants; it proves nothing (RFC 8441 §5)."""


def route_configuration(platform: Platform, target: Target) -> Json:
    """Return all routes: a virtual host for each host that is named, and one for the rest."""
    hosts = sorted({host for route in platform.routes for host in route.match.hosts} | {"*"})
    return typed(
        "envoy.config.route.v3.RouteConfiguration",
        name=ROUTES,
        virtual_hosts=[
            {"name": host, "domains": [host], "matcher": _matcher(platform, target, host)} for host in hosts
        ],
        # The port stays in the header: the login builds the address of its callback from it.
        ignore_port_in_host_matching=True,
        validate_clusters=False,
        response_headers_to_remove=["x-powered-by", "x-envoy-upstream-service-time", *CORS],
        response_headers_to_add=security_headers(),
        **trace_header(platform),
    )


def _matcher(platform: Platform, target: Target, host: str) -> Json:
    return route_tree([[_no_host()]], [[_login(platform)], *_routes(platform, target, host)])


def _routes(platform: Platform, target: Target, host: str) -> Iterator[Parts]:
    backends = platform.backend_by_name
    for route in platform.routes:
        if any(_covers(pattern, host) for pattern in route.match.hosts):
            bff = backends[route.bff]
            whole = _route(route, bff, platform, target)
            if route.cors and route.match.methods and PREFLIGHT not in route.match.methods:
                yield [whole | {"match": _preflight(route)}]
            yield [one for part in shared(whole, route, bff) for one in resent(part, route, bff.replicas)]


def _covers(pattern: str, host: str) -> bool:
    """Whether `pattern` matches all that `host`, a host or a pattern itself, matches."""
    return pattern in {"*", host} or (pattern.startswith("*.") and host.endswith(pattern[1:]))


def _no_host() -> Json:
    """Refuse a Host that is no host and port: Envoy takes two of them for one with a comma in it."""
    strange = {"name": ":authority", "string_match": _one_of(HOST), "invert_match": True}
    return {
        "name": "no-host",
        "match": {"prefix": "/", "headers": [strange]},
        "direct_response": {"status": 400},
    }


def _login(platform: Platform) -> Json:
    """The policy service's own pages: login, callback, logout, session."""
    return {
        "name": "auth",
        "stat_prefix": "auth",
        **span_name("auth", platform),
        "match": {"path_separated_prefix": "/auth"},
        "route": {"cluster": "policy", "timeout": duration(LOGIN_TIMEOUT_S)},
        "request_headers_to_add": [
            {
                "header": {"key": hygiene.IP, "value": hygiene.REMOTE_ADDRESS},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
        ],
        "request_headers_to_remove": ["x-api-key", "authorization"],
        "response_headers_to_add": defaults(UNCACHED),
        "typed_per_filter_config": login_limit(),
    }


def _route(route: Route, bff: Bff, platform: Platform, target: Target) -> Json:
    action: Json = {
        "cluster": route.bff,
        "timeout": duration(_answer_within_s(route)),
        "idle_timeout": duration(route.timeouts.idle_s),
        **_rewrite(route.rewrite),
        **(STREAM if route.stream else {}),
        **(WEBSOCKET if _takes_websockets(route) else {}),
        **(_deadline(route) if route.grpc else {}),
        **retrying(route.retries),
    }
    if hashed := hash_policy(bff.balance, bff.prefix):
        action["hash_policy"] = hashed
    # A cookie that is hashed has to reach the balancer; the cluster removes it.
    spent = [name for name in hygiene.CREDENTIALS if name != "cookie" or not bff.balance.by_cookie]
    return {
        "name": route.id,
        "stat_prefix": route.id,
        **span_name(route.id, platform),
        "match": _match(route.match),
        "route": action,
        "request_headers_to_remove": [*spent, *hygiene.PASSED],
        **(_websocket_key() if _takes_websockets(route) else {}),
        "response_headers_to_add": [*caching(route), *varying(route)],
        "typed_per_filter_config": route_filters(route, platform, target),
        **scope_metadata(route),
    }


def _takes_websockets(route: Route) -> bool:
    return route.stream and route.grpc is None


def _websocket_key() -> Json:
    return {"request_headers_to_add": defaults({"sec-websocket-key": WEBSOCKET_KEY})}


def _deadline(route: Route) -> Json:
    """A gRPC client says how long it waits; that holds as far as the route's own bound allows."""
    return {"max_stream_duration": {"grpc_timeout_header_max": duration(_answer_within_s(route))}}


def _answer_within_s(route: Route) -> float:
    """Seconds until the whole answer must be there; 0: there is no bound."""
    return 0 if route.stream else route.timeouts.read_s


def _preflight(route: Route) -> Json:
    """Match the question whether a page may send one of the route's methods.

    The route's CORS filter answers it. Its other filters stay, for what only looks like a preflight.
    """
    match = _match(Match(route.match.hosts, route.match.prefix, (PREFLIGHT,), route.match.headers))
    match["headers"].append(_any_of("access-control-request-method", route.match.methods))
    return match


def _match(match: Match) -> Json:
    path = {"prefix": "/"} if match.prefix == "/" else {"path_separated_prefix": match.prefix}
    headers = [{"name": name, "string_match": {"exact": value}} for name, value in match.headers]
    if match.methods:
        headers.append(_any_of(":method", match.methods))
    return path | ({"headers": headers} if headers else {})


def _any_of(header: str, values: Sequence[str]) -> Json:
    # An expression is compiled, and kept, for each route.
    match = {"exact": values[0]} if len(values) == 1 else _one_of("|".join(values))
    return {"name": header, "string_match": match}


def _one_of(alternatives: str) -> Json:
    return {"safe_regex": {"regex": alternatives}}


def _rewrite(rewrite: PrefixRewrite | RegexRewrite) -> Json:
    if isinstance(rewrite, RegexRewrite):
        return _regex_rewrite(rewrite.pattern, rewrite.substitution)
    if rewrite.new == rewrite.old:
        return {}
    # By expression, because Envoy's own prefix rewrite to "/" would leave "//home".
    return _regex_rewrite(f"^{re.escape(rewrite.old.rstrip('/'))}/?", f"{rewrite.new.rstrip('/')}/")


def _regex_rewrite(pattern: str, substitution: str) -> Json:
    return {"regex_rewrite": {"pattern": {"regex": pattern}, "substitution": substitution}}
