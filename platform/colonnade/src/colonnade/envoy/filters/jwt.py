"""Verifies access tokens: signature, issuer, audience, life."""

from colonnade.envoy import hygiene
from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json, duration, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target

PACKAGE = "envoy.extensions.filters.http.jwt_authn.v3"
NAME = "envoy.filters.http.jwt_authn"
PAYLOAD = "payload"
"""Where the filter's metadata has the claims of a good token, for a route that needs scopes."""
ASKED, NATIVE, SCOPED = "asked", "native", "scoped"
KEYS_PATH = "/jwks"
"""Where the policy service has the issuer's keys: it finds them, and keeps them if the provider is away."""
CACHE_S = 5
FETCH_S = 3
SKEW_S = 1
"""The least that Envoy can be told; it refuses a token that expired two seconds ago."""
CACHED_TOKENS = 10_000


def _config(platform: Platform, target: Target) -> Json:
    asked = _provider(platform, target)
    places = platform.identity.claims
    told = {"x-user-id": places.user, "x-user-email": places.email, "x-client-id": places.client}
    # Who has no user may be a program; which, or that it is nobody, the policy service knows.
    told |= {"x-user-roles": places.roles, hygiene.VERIFIED: places.user}
    # The first place is the only one, or the usual one: the other routes ask the policy service.
    claims = [{"header_name": header, "claim_name": found[0]} for header, found in told.items()]
    alone = {**asked, "claim_to_headers": claims}
    return typed(
        f"{PACKAGE}.JwtAuthentication",
        providers={ASKED: asked, NATIVE: alone, SCOPED: {**alone, "payload_in_metadata": PAYLOAD}},
        requirement_map={name: _verified_or_asked_about(name) for name in (ASKED, NATIVE, SCOPED)},
    )


def _verified_or_asked_about(provider: str) -> Json:
    """What Envoy cannot verify goes on as it came: the policy service knows better, or says what is wrong."""
    return {"requires_any": {"requirements": [{"provider_name": provider}, {"allow_missing_or_failed": {}}]}}


def _provider(platform: Platform, target: Target) -> Json:
    uri = {"uri": f"http://policy{KEYS_PATH}", "cluster": "policy", "timeout": duration(FETCH_S)}
    return {
        "issuer": target.issuer,
        "audiences": [platform.identity.audience],
        "remote_jwks": {
            "http_uri": uri,
            "cache_duration": duration(CACHE_S),
            "async_fetch": {"failed_refetch_duration": "1s"},
        },
        "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
        "forward": False,
        # It goes to the policy service where that is asked, which makes the identity headers of it.
        "forward_payload_header": hygiene.JWT,
        "require_expiration": True,
        "max_lifetime": duration(platform.identity.max_token_life_s),
        "clock_skew_seconds": SKEW_S,
        # A token comes with every request of its short life: its signature is checked once.
        "jwt_cache_config": {"jwt_cache_size": CACHED_TOKENS},
    }


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    if not route.auth.takes_tokens:
        return None
    native = SCOPED if route.auth.scopes else NATIVE
    return typed(f"{PACKAGE}.PerRouteConfig", requirement_name=native if route.decision.native else ASKED)


FILTER = Filter(NAME, _config, _route)
