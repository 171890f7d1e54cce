"""Introspection (RFC 7662) and revocation (RFC 7009)."""

import time
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from identity_service.clients import Client
from identity_service.grants import AUTH_METHODS
from identity_service.keys import SigningKey
from identity_service.store import ACCESS_LIFE_S, REFRESH_LIFE_S, GrantStore, RefreshToken
from identity_service.tokens import ACCESS_TYPE


@dataclass(frozen=True, slots=True)
class AccessToken:
    """The claims of an access token that the provider signed, or keeps where the token is opaque."""

    claims: dict[str, Any]

    def check_client(self, client: Client) -> bool:
        """Whether the token was given to `client`."""
        return bool(self.claims.get("client_id") == client.get_client_id())


Token = AccessToken | RefreshToken


def find_token(store: GrantStore, key: SigningKey, text: str) -> Token | None:
    """Return the access or refresh token that `text` is, alive or not."""
    claims = key.read(text, ACCESS_TYPE) or store.access_token(text)
    return AccessToken(claims) if claims is not None else store.refresh_token(text)


def is_active(store: GrantStore, token: Token) -> bool:
    """Whether the token may still be used."""
    if isinstance(token, RefreshToken):
        return not token.used and token.expires > time.time() and not store.is_revoked(token.grant)
    claims = token.claims
    identifiers = [str(claims[name]) for name in ("jti", "grant") if name in claims]
    return bool(claims.get("exp", 0) > time.time()) and not store.is_revoked(*identifiers)


class Introspection(IntrospectionEndpoint):  # type: ignore[misc]
    """Tells confidential clients about a token."""

    CLIENT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")
    store: GrantStore
    key: SigningKey

    def check_permission(self, token: Token, client: Client, request: OAuth2Request) -> bool:  # noqa: ARG002 - Authlib's
        """Every confidential client may ask: the edge asks about tokens of others."""
        return True

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:  # noqa: ARG002 - as above
        """Return the token; None, which means inactive, where it may not be used any more."""
        token = find_token(self.store, self.key, token_string)
        return token if token is not None and is_active(self.store, token) else None

    def create_introspection_payload(self, token: Token | None) -> dict[str, Any]:
        """Return the answer; `query_token` has already left out what is not active."""
        return self.introspect_token(token) if token is not None else {"active": False}

    def introspect_token(self, token: Token) -> dict[str, Any]:
        """Return what is known of an active token."""
        if isinstance(token, AccessToken):
            return {"active": True, "token_type": "Bearer", **token.claims}
        known = {"client_id": token.client_id, "scope": token.scope, "sub": token.sub, "exp": token.expires}
        return {"active": True, "token_type": "refresh_token", **known}


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    """Ends a token; with a refresh token, all that descends from the same grant."""

    CLIENT_AUTH_METHODS = AUTH_METHODS
    store: GrantStore
    key: SigningKey

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:  # noqa: ARG002 - Authlib's
        """Return the token, alive or not."""
        return find_token(self.store, self.key, token_string)

    def revoke_token(self, token: Token, request: OAuth2Request) -> None:  # noqa: ARG002 - as above
        """Refuse it from now on."""
        if isinstance(token, RefreshToken):
            self.store.revoke(token.grant, REFRESH_LIFE_S)
        else:
            self.store.revoke(str(token.claims["jti"]), ACCESS_LIFE_S)
