"""Finds a route without trying them all: by its path first, in a radix tree, as Envoy's generic matcher does.

Source: Envoy, "Matching API", sublinear route matching.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from colonnade.envoy.message import Json, typed

ROUTE = "envoy.config.route.v3.Route"
ROUTES = "envoy.config.route.v3.RouteList"
HEADER = "envoy.type.matcher.v3.HttpRequestHeaderMatchInput"
ROOT = "/"

Parts = Sequence[Json]
"""Routes that are tried one by one. The last matches whatever the others do, and says when they are tried."""


def route_tree(first: Sequence[Parts], rest: Sequence[Parts]) -> Json:
    """Return a matcher that takes what is the first to match, of `first` and then of `rest`.

    `rest` have longer prefixes before shorter ones. The tree finds the longest prefix of a request's path,
    tries the few routes which have that prefix, and goes on to a shorter one where none of them matches.
    A route is in it once, because each copy would count for itself.
    """
    by_prefix: defaultdict[str, list[Parts]] = defaultdict(list)
    for parts in rest:
        by_prefix[_prefix(parts)].append(parts)
    leaves = {prefix: {"matcher": _tried(found)} for prefix, found in by_prefix.items()}
    tree = {"matcher_tree": {"input": _input(":path"), "prefix_match_map": {"map": leaves}}}
    return _tried(first) | ({"on_no_match": {"matcher": tree}} if leaves else {})


def _prefix(parts: Parts) -> str:
    match: Json = parts[-1]["match"]
    found: str = match["path_separated_prefix"] if "path_separated_prefix" in match else match["prefix"]
    return found


def _tried(routes: Iterable[Parts]) -> Json:
    matchers = [{"predicate": _predicate(parts), "on_match": {"action": _action(parts)}} for parts in routes]
    return {"matcher_list": {"matchers": matchers}}


def _action(parts: Parts) -> Json:
    config = typed(ROUTE, **parts[0]) if len(parts) == 1 else typed(ROUTES, routes=list(parts))
    return {"name": parts[-1]["name"], "typed_config": config}


def _predicate(parts: Parts) -> Json:
    conditions = [_path(_prefix(parts)), *map(_condition, parts[-1]["match"].get("headers", []))]
    return conditions[0] if len(conditions) == 1 else {"and_matcher": {"predicate": conditions}}


def _path(prefix: str) -> Json:
    """Whole segments only, as the route has it: were they parted here, no shorter prefix would be tried."""
    if prefix == ROOT:
        return _single(":path", {"prefix": ROOT})
    values = {"prefix": f"{prefix}/"}, {"exact": prefix}, {"prefix": f"{prefix}?"}
    return {"or_matcher": {"predicate": [_single(":path", value) for value in values]}}


def _condition(header: Json) -> Json:
    if strange := header.keys() - {"name", "string_match", "invert_match"}:
        raise NotImplementedError(f"no predicate says {strange}")
    value = header["string_match"]
    if "safe_regex" in value:
        # Here the message has its older form still, which wants the engine named.
        value = {"safe_regex": {"google_re2": {}, **value["safe_regex"]}}
    found = _single(header["name"], value)
    return {"not_matcher": found} if header.get("invert_match") else found


def _single(header: str, value: Json) -> Json:
    return {"single_predicate": {"input": _input(header), "value_match": value}}


def _input(header: str) -> Json:
    return {"name": header, "typed_config": typed(HEADER, header_name=header)}
