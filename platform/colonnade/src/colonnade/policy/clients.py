"""The clients that the development identity provider knows."""

from collections.abc import Sequence
from typing import Any

from colonnade.ir.platform import Bff, Platform

USER_SCOPES = ("openid", "profile", "email", "offline_access")
GRANTS = ["authorization_code", "refresh_token"]


def identity_clients(platform: Platform, edge_urls: Sequence[str]) -> dict[str, Any]:
    """Return the provider's clients file: the edge's login, and an app for each BFF that takes tokens."""
    apps = [_app(bff, platform) for bff in platform.bffs if _takes_tokens(bff, platform)]
    return {"clients": [_login(platform, edge_urls), *apps]}


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
        "grant_types": GRANTS,
        "backchannel_logout_uri": f"{edge_urls[0]}/auth/backchannel-logout" if edge_urls else None,
    }


def _app(bff: Bff, platform: Platform) -> dict[str, Any]:
    """A public client on the user's own device; any scope that a route of the BFF asks for can be had."""
    needed = {scope for route in platform.routes if route.bff == bff.name for scope in route.auth.scopes}
    return {
        "client_id": bff.name,
        "redirect_uris": ["http://127.0.0.1/callback"],
        "scopes": [*USER_SCOPES, *sorted(needed - set(USER_SCOPES))],
        "grant_types": GRANTS,
    }
