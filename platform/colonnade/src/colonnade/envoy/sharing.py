"""What of a route goes elsewhere: a share of its requests to a canary, copies of them to a mirror."""

from collections.abc import Iterator

from colonnade.envoy.filters import breaker
from colonnade.envoy.message import Json
from colonnade.ir.balance import Balance, Canary, Mirror
from colonnade.ir.platform import Bff
from colonnade.ir.route import Route

WHOLE = 10_000
"""All requests, in hundredths of a percent."""
DRAWN_S = 7 * 24 * 3600
"""How long a client keeps the cookie that it is drawn by."""
REQUEST_ID = "x-request-id"


def hash_policy(balance: Balance, prefix: str) -> list[Json]:
    """Return what is hashed to find an instance; nothing where the policy hashes nothing."""
    if not balance.key:
        return []
    policy = _hashed(balance.key)
    if balance.ttl_s is not None:
        lax = {"name": "SameSite", "value": "Lax"}
        policy["cookie"] |= {"ttl": f"{balance.ttl_s:.0f}s", "path": prefix, "attributes": [lax]}
    return [policy]


def shared(whole: Json, route: Route, bff: Bff) -> Iterator[Json]:
    """Yield the parts of a route, the most particular first; all together match what `whole` does."""
    parts = [whole] if bff.mirror is None or route.stream else list(_mirrored(whole, bff.mirror))
    for part in parts:
        yield from [part] if bff.canary is None else _drawn(part, bff, bff.canary)


def _mirrored(whole: Json, mirror: Mirror) -> Iterator[Json]:
    methods = "|".join(mirror.methods)
    policy = {
        "cluster": mirror.bff,
        "runtime_fraction": {
            "default_value": {"numerator": _hundredths(mirror.share), "denominator": "TEN_THOUSAND"}
        },
        "disable_shadow_host_suffix_append": True,
    }
    part = _matching(whole, header={"name": ":method", "string_match": {"safe_regex": {"regex": methods}}})
    yield part | {"route": part["route"] | {"request_mirror_policies": [policy]}}
    yield whole


def _drawn(whole: Json, bff: Bff, canary: Canary) -> Iterator[Json]:
    if canary.header is not None:
        for word, name in (("always", canary.bff), ("never", bff.name)):
            part = _matching(whole, header={"name": canary.header, "string_match": {"exact": word}})
            part |= {"route": part["route"] | {"cluster": name}}
            if word == "always":
                part["typed_per_filter_config"] = whole["typed_per_filter_config"] | _breaker(whole, canary)
            yield part
    if not canary.weight:
        yield whole
    elif canary.given:
        cookie = canary.key.removeprefix("cookie:")
        returning = _matching(whole, cookie={"name": cookie, "string_match": {"safe_regex": {"regex": ".+"}}})
        yield _weighted(returning, bff, canary, [_hashed(canary.key)])
        # The cookie is the id of the request that it answers, so that this one is drawn as the next will be.
        yield _giving(_weighted(whole, bff, canary, [_hashed(f"header:{REQUEST_ID}")]), cookie, bff.prefix)
    elif canary.key:
        first = _hashed(canary.key) | {"terminal": True}
        yield _weighted(whole, bff, canary, [first, _hashed(f"header:{REQUEST_ID}")])
    else:
        yield _weighted(whole, bff, canary, [])


def _weighted(whole: Json, bff: Bff, canary: Canary, hashed: list[Json]) -> Json:
    """The canary's share comes first: who was drawn at 5 % is among those drawn at 10 %."""
    share = _hundredths(canary.weight)
    drawn = {"name": canary.bff, "weight": share, "typed_per_filter_config": _breaker(whole, canary)}
    clusters = [drawn, {"name": bff.name, "weight": WHOLE - share}]
    action = {key: value for key, value in whole["route"].items() if key != "cluster"}
    action["weighted_clusters"] = {"clusters": clusters} | ({"use_hash_policy": True} if hashed else {})
    return whole | {"route": action | ({"hash_policy": hashed} if hashed else {})}


def _breaker(whole: Json, canary: Canary) -> Json:
    """A breaker of the canary's own: one that fails must not have the BFF left alone, too."""
    settings = whole["typed_per_filter_config"][breaker.NAME]
    apart = settings["filter_context"] | {"route": f"{whole['name']}>{canary.bff}"}
    return {breaker.NAME: settings | {"filter_context": apart}}


def _giving(part: Json, cookie: str, path: str) -> Json:
    value = f"{cookie}=%REQ({REQUEST_ID})%; Path={path}; Max-Age={DRAWN_S}; HttpOnly; SameSite=Lax"
    header = {"header": {"key": "set-cookie", "value": value}, "append_action": "APPEND_IF_EXISTS_OR_ADD"}
    return part | {"response_headers_to_add": [*part["response_headers_to_add"], header]}


def _matching(whole: Json, *, header: Json | None = None, cookie: Json | None = None) -> Json:
    match = dict(whole["match"])
    if header is not None:
        match["headers"] = [*match.get("headers", []), header]
    if cookie is not None:
        match["cookies"] = [cookie]
    return whole | {"match": match}


def _hashed(key: str) -> Json:
    kind, _, name = key.partition(":")
    if kind == "ip":
        return {"connection_properties": {"source_ip": True}}
    return {"cookie": {"name": name}} if kind == "cookie" else {"header": {"header_name": name}}


def _hundredths(percent: float) -> int:
    return round(percent * WHOLE / 100)
