"""Access tokens (RFC 9068) and ID tokens."""

import secrets
import time
from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oidc.core.grants import OpenIDCode

from identity_service.clients import Client
from identity_service.keys import ALGORITHM, SigningKey
from identity_service.store import GrantStore
from identity_service.users import Login

AUDIENCE = "colonnade"
ACCESS_TYPE = "at+jwt"
ID_TYPE = "JWT"


class TokenGenerator:
    """Makes the token answer of every grant, as Authlib asks for it."""

    def __init__(self, issuer: str, key: SigningKey, store: GrantStore, access_life_s: int) -> None:
        self._issuer = issuer
        self._access_life_s = access_life_s
        self._key = key
        self._store = store

    def __call__(
        self,
        grant_type: str,  # noqa: ARG002 - Authlib's signature
        client: Client,
        user: Login | None = None,
        scope: str | None = None,
        expires_in: int | None = None,  # noqa: ARG002 - as above
        include_refresh_token: bool = True,  # noqa: FBT001, FBT002 - as above
    ) -> dict[str, Any]:
        """Return a bearer token, with a new refresh token where there is a user to refresh for."""
        granted = client.get_allowed_scope(scope) or ""
        token: dict[str, Any] = {
            "token_type": "Bearer",
            "access_token": self._access_token(client, self._claims(client, user, granted)),
            "expires_in": self._access_life_s,
            "scope": granted,
        }
        if include_refresh_token and user is not None:
            token["refresh_token"] = secrets.token_urlsafe(32)
        return token

    def _access_token(self, client: Client, claims: dict[str, Any]) -> str:
        if not client.registration.opaque_access_tokens:
            return self._key.sign(claims, ACCESS_TYPE)
        token = secrets.token_urlsafe(32)
        self._store.add_access_token(token, claims)
        return token

    def _claims(self, client: Client, user: Login | None, scope: str) -> dict[str, Any]:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "client_id": client.get_client_id(),
            "iat": now,
            "nbf": now,
            "exp": now + self._access_life_s,
            "jti": secrets.token_urlsafe(16),
            "scope": scope,
        }
        if user is None:
            return claims | {"sub": client.get_client_id()}
        of_user = {"sub": user.user.sub, "email": user.user.email, "roles": list(user.user.roles)}
        session = {"sid": user.sid} if user.sid else {}
        return claims | of_user | session | {"grant": user.grant, "auth_time": user.auth_time}


class IdToken(OpenIDCode):  # type: ignore[misc]
    """Adds an ID token to the answer where `openid` was granted."""

    def __init__(self, issuer: str, key: SigningKey) -> None:
        super().__init__(require_nonce=False)
        self._issuer = issuer
        self._key = key

    def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:  # noqa: ARG002 - Authlib's signature
        """Never: codes are used once, which is what a nonce's reuse would betray."""
        return False

    def resolve_client_private_key(self, client: Client) -> object:  # noqa: ARG002 - as above
        """The signing key."""
        return self._key.key

    def get_client_algorithm(self, client: Client) -> str:  # noqa: ARG002 - as above
        """The one algorithm."""
        return ALGORITHM

    def get_encode_header(self, client: Client) -> dict[str, str]:  # noqa: ARG002 - as above
        """The header, with the key's id."""
        return {"alg": ALGORITHM, "kid": str(self._key.key.kid), "typ": ID_TYPE}

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        """Who speaks, and to whom."""
        return {"iss": self._issuer, "aud": [client.get_client_id()]}

    def generate_user_info(self, user: Login, scope: str) -> dict[str, Any]:
        """The claims about the user that `scope` covers."""
        return user_claims(user, scope) | {"sid": user.sid}


def user_claims(login: Login, scope: str) -> dict[str, Any]:
    """Return the standard claims that `scope` covers (OpenID Connect Core §5.4)."""
    user, scopes = login.user, scope.split()
    claims: dict[str, Any] = {"sub": user.sub}
    if "profile" in scopes:
        claims |= {"name": user.name, "preferred_username": user.sub, "roles": list(user.roles)}
    if "email" in scopes:
        claims |= {"email": user.email, "email_verified": True}
    return claims
