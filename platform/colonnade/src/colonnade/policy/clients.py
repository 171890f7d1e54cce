"""The clients that the development identity provider knows."""

from collections.abc import Sequence
from typing import Any

from colonnade.ir.platform import Bff, Platform

USER_SCOPES = ("openid", "profile", "email", "offline_access")
GRANTS = ["authorization_code", "refresh_token"]
MACHINE = "machine"
"""A program that has client credentials, and any scope that a route asks for."""


def identity_clients(platform: Platform, edge_urls: Sequence[str]) -> dict[str, Any]:
    """Return the provider's clients file: the edge's login, the apps of BFFs, and programs."""
    apps = [_app(bff, platform) for bff in platform.bffs if _takes_tokens(bff, platform)]
    return {"clients": [_login(platform, edge_urls), *apps, *_machines(platform)]}


def _takes_tokens(bff: Bff, platform: Platform) -> bool:
    session = platform.identity.session.client_id
    return bff.name != session and any(r.auth.type == "jwt" for r in platform.routes if r.bff == bff.name)


def _login(platform: Platform, edge_urls: Sequence[str]) -> dict[str, Any]:
    session = platform.identity.session
    return {
        "client_id": session.client_id,
        "client_secret_env": "SESSION_CLIENT_SECRET",
        "redirect_uris": [f"{url}/auth/callback" for url in edge_urls],
        "post_logout_redirect_uris": [f"{url}/" for url in edge_urls],
        "scopes": list(session.scopes),
        "grant_types": [*GRANTS, *(["password"] if platform.identity.legacy_password else [])],
        "backchannel_logout_uri": f"{edge_urls[0]}/auth/backchannel-logout" if edge_urls else None,
    }


def _machines(platform: Platform) -> list[dict[str, Any]]:
    """One whose tokens are signed, and one whose tokens are opaque where the edge can ask about those."""
    tokens = [route.auth for route in platform.routes if route.auth.takes_tokens]
    if not tokens:
        return []
    machine: dict[str, Any] = {
        "client_id": MACHINE,
        "client_secret_env": "MACHINE_CLIENT_SECRET",
        "scopes": sorted({scope for auth in tokens for scope in auth.scopes}),
        "grant_types": ["client_credentials"],
    }
    if platform.identity.introspection is None:
        return [machine]
    return [machine, machine | {"client_id": f"{MACHINE}-opaque", "opaque_access_tokens": True}]


def _app(bff: Bff, platform: Platform) -> dict[str, Any]:
    """A public client on the user's own device; any scope that a route of the BFF asks for can be had."""
    needed = {scope for route in platform.routes if route.bff == bff.name for scope in route.auth.scopes}
    return {
        "client_id": bff.name,
        "redirect_uris": ["http://127.0.0.1/callback"],
        "scopes": [*USER_SCOPES, *sorted(needed - set(USER_SCOPES))],
        "grant_types": GRANTS,
    }
