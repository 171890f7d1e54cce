"""The grants: authorization code with PKCE, refresh token with rotation, client credentials, password."""

import secrets
import time
from typing import Any

from authlib.oauth2.rfc6749 import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Request,
    grants,
)
from authlib.oauth2.rfc7636 import CodeChallenge

from identity_service.clients import Client
from identity_service.store import CODE_LIFE_S, REFRESH_LIFE_S, Code, GrantStore, RefreshToken, digest
from identity_service.users import USERS, Login, check_password

AUTH_METHODS = ["client_secret_basic", "client_secret_post", "none"]


class Pkce(CodeChallenge):  # type: ignore[misc]
    """PKCE for every client, and never `plain` (RFC 9700 §2.1.1)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:  # noqa: ANN401 - Authlib's
        """Refuse a request without a challenge, or with a plain one."""
        data = grant.request.payload.data
        if not data.get("code_challenge"):
            raise InvalidRequestError("Missing 'code_challenge': PKCE is needed.")
        if data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("Unsupported 'code_challenge_method': use S256.")
        super().validate_code_challenge(grant, redirect_uri)


class AuthorizationCodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    """Codes that live a minute and work once; a second use revokes all that came of the first."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    store: GrantStore

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        """Keep the code's hash, and what it stands for."""
        login: Login = request.user
        data = request.payload.data
        self.store.add_code(
            Code(
                hash=digest(code),
                client_id=request.client.get_client_id(),
                redirect_uri=request.payload.redirect_uri,
                scope=request.scope or "",
                sub=login.user.sub,
                sid=login.sid,
                auth_time=login.auth_time,
                grant=login.grant,
                nonce=data.get("nonce"),
                code_challenge=data["code_challenge"],
                expires=int(time.time()) + CODE_LIFE_S,
                used=False,
            )
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        """Return the code if it is this client's, fresh and unused."""
        found = self.store.code(code)
        if found is None or found.client_id != client.get_client_id():
            return None
        if found.used:
            self.store.revoke(found.grant, REFRESH_LIFE_S)
            return None
        dead = found.expires < time.time() or self.store.is_revoked(found.grant)
        return None if dead else found

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Nothing: the code was marked as used before anything was given for it."""

    def authenticate_user(self, authorization_code: Code) -> Login | None:
        """Return who logged in, and use the code up."""
        if not self.store.use_code(authorization_code):
            return None
        return login_of(authorization_code)


class RefreshTokenGrant(grants.RefreshTokenGrant):  # type: ignore[misc]
    """Refresh tokens that work once; a second use revokes the whole grant (RFC 9700 §4.14.2)."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True
    store: GrantStore

    def authenticate_refresh_token(self, refresh_token: str) -> RefreshToken | None:
        """Return the token if it is alive and unused."""
        found = self.store.refresh_token(refresh_token)
        if found is None or found.expires < time.time() or self.store.is_revoked(found.grant):
            return None
        if found.used:
            self.store.revoke(found.grant, REFRESH_LIFE_S)
            return None
        return found

    def authenticate_user(self, refresh_token: RefreshToken) -> Login | None:
        """Return whose token it is, and use it up."""
        return login_of(refresh_token) if self.store.use_refresh_token(refresh_token) else None

    def revoke_old_credential(self, refresh_token: RefreshToken) -> None:
        """Nothing: it was used up before a new one was given."""


class _WithSecret:
    """A grant for clients that have a secret."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")
    request: OAuth2Request

    def validate_requested_scope(self) -> None:
        """Refuse what the client is not registered for; Authlib checks only what the server knows."""
        if self.request.client.get_allowed_scope(self.request.payload.scope) is None:
            raise InvalidScopeError


class ClientCredentialsGrant(_WithSecret, grants.ClientCredentialsGrant):  # type: ignore[misc]
    """Tokens for machines."""


class PasswordGrant(_WithSecret, grants.ResourceOwnerPasswordCredentialsGrant):  # type: ignore[misc]
    """Tokens for a user whose password the client knows; only for clients that are registered for it."""

    def authenticate_user(self, username: str, password: str) -> Login:
        """Return the user, in no browser's session."""
        user = check_password(username, password)
        if user is None:
            # Authlib would say invalid_request (RFC 6749 §5.2 knows better).
            raise InvalidGrantError("Name and password do not match.")
        return Login(user, "", int(time.time()), new_identifier())


def login_of(origin: Code | RefreshToken) -> Login | None:
    """Return the login that a code or refresh token came from."""
    user = USERS.get(origin.sub)
    return Login(user, origin.sid, origin.auth_time, origin.grant) if user else None


def keep_refresh_token(store: GrantStore, token: dict[str, Any], request: OAuth2Request) -> None:
    """Keep the hash of the refresh token in a token answer, if there is one."""
    login: Login | None = request.user
    if login is None or "refresh_token" not in token:
        return
    origin: RefreshToken | None = request.refresh_token
    store.add_refresh_token(
        RefreshToken(
            hash=digest(token["refresh_token"]),
            client_id=request.client.get_client_id(),
            # a refresh may narrow the access token, never the grant (RFC 6749 §6)
            scope=origin.scope if origin else token["scope"],
            sub=login.user.sub,
            sid=login.sid,
            auth_time=login.auth_time,
            grant=login.grant,
            expires=int(time.time()) + REFRESH_LIFE_S,
            used=False,
        )
    )


def new_identifier() -> str:
    """Return 128 random bits as text."""
    return secrets.token_urlsafe(16)
