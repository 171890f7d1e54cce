"""The identity provider as a relying party uses it, through Authlib.

OpenID Connect Core 1.0 (authorization code), RFC 7636 (PKCE).
"""

import logging
from collections.abc import Collection, Mapping
from typing import Any

import httpx2
import msgspec
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError

from colonnade_edge.errors import BadRequest, ProviderFailed
from colonnade_edge.oidc.detour import mounts
from colonnade_edge.oidc.discovery import Discovery
from colonnade_edge.sessions import Tokens
from colonnade_edge.settings import Secret

ANSWER_WITHIN_S = 5.0
CLOCK_SKEW_S = 30
ENDED = frozenset({"invalid_grant", "interaction_required", "login_required", "consent_required"})
"""Answers to a refresh after which only a new login helps (RFC 6749 §5.2; Entra ID says the second)."""
BASIC, POST = "client_secret_basic", "client_secret_post"
DEFAULT_LIFE_S = 300.0
"""Assumed of an access token whose response does not say `expires_in`."""

log = logging.getLogger(__name__)


class User(msgspec.Struct, frozen=True):
    """The claims that we read of a person, from the id token or from userinfo."""

    sub: str
    email: str = ""
    name: str = ""
    roles: tuple[str, ...] = ()
    sid: str = ""


class Grant(msgspec.Struct, frozen=True):
    """What a token response gave. `expires_in` is in seconds."""

    tokens: Tokens
    expires_in: float
    scopes: tuple[str, ...]


class _TokenResponse(msgspec.Struct, frozen=True):
    access_token: str
    refresh_token: str = ""
    id_token: str = ""
    expires_in: float = DEFAULT_LIFE_S
    scope: str | None = None


class Provider:
    """One issuer, and our client registration there; `reached_at` where its own address does not do."""

    def __init__(self, issuer: str, client_id: str, secret: Secret, reached_at: str = "") -> None:
        self.issuer = issuer
        self.client_id = client_id
        self.discovery = Discovery(issuer, self._fetch)
        self._client = AsyncOAuth2Client(
            client_id,
            str(secret) or None,
            code_challenge_method="S256",
            timeout=ANSWER_WITHIN_S,
            follow_redirects=False,
            mounts=mounts(issuer, reached_at),
        )

    async def close(self) -> None:
        """Close the connections to the provider."""
        await self._client.aclose()

    async def login_url(self, **parameters: str) -> str:
        """Return where to send the browser; `parameters` are state, nonce, code_verifier, scope and so on."""
        metadata = await self.discovery.metadata()
        url, _ = self._client.create_authorization_url(metadata.authorization_endpoint, **parameters)
        return str(url)

    async def exchange(self, code: str, redirect_uri: str, verifier: str, scopes: tuple[str, ...]) -> Grant:
        """Return the tokens for a code; raise `BadRequest` where the provider does not take it."""
        metadata = await self.discovery.metadata()
        try:
            response = await self._client.fetch_token(
                metadata.token_endpoint,
                grant_type="authorization_code",
                code=code,
                redirect_uri=redirect_uri,
                code_verifier=verifier,
            )
        except OAuthError as error:
            raise BadRequest(f"the identity provider refused the code: {error.error}") from error
        except (httpx2.HTTPError, ValueError, AuthlibBaseError) as error:
            raise ProviderFailed("the identity provider did not exchange the code") from error
        return _grant(response, scopes, "")

    async def refresh(self, refresh_token: str, scopes: tuple[str, ...]) -> Grant | None:
        """Return new tokens, or None where the provider has ended the grant."""
        metadata = await self.discovery.metadata()
        try:
            response = await self._client.refresh_token(metadata.token_endpoint, refresh_token=refresh_token)
        except OAuthError as error:
            if error.error in ENDED:
                return None
            raise ProviderFailed(f"the identity provider refused to refresh: {error.error}") from error
        except (httpx2.HTTPError, ValueError, AuthlibBaseError) as error:
            raise ProviderFailed("the identity provider did not refresh the tokens") from error
        return _grant(response, scopes, refresh_token)

    async def revoke(self, form: Mapping[str, str]) -> None:
        """Pass a revocation on where the provider takes them (RFC 7009); nobody is told where it fails.

        A token of another client than ours is passed on in that one's name, without a secret: a public
        client has none.
        """
        told = {name: form[name] for name in ("token", "token_type_hint") if name in form}
        client_id = form.get("client_id", self.client_id)
        try:
            endpoint = (await self.discovery.metadata()).revocation_endpoint
            if not endpoint:
                return
            if client_id == self.client_id:
                await self._client.revoke_token(endpoint, **told)
            else:
                data = {**told, "client_id": client_id}
                await self._client.request("POST", endpoint, data=data, withhold_token=True)
        except (httpx2.HTTPError, ValueError, AuthlibBaseError, ProviderFailed) as error:
            log.warning("the identity provider was not told of a revocation: %r", error)

    async def user(self, grant: Grant, nonce: str | None) -> User:
        """Return who logged in, from a verified id token; raise `ProviderFailed` where that is not valid.

        Claims that the id token leaves to the userinfo endpoint are asked for there.
        """
        try:
            token = await self.discovery.verify(grant.tokens.id_token)
            claims = CodeIDToken(
                token.claims,
                token.header,
                {"iss": {"essential": True, "value": self.issuer}, "aud": {"value": self.client_id}},
                {"nonce": nonce, "client_id": self.client_id, "access_token": grant.tokens.access_token},
            )
            claims.validate(leeway=CLOCK_SKEW_S)
            user = msgspec.convert(dict(claims), User)
        except (JoseError, ValueError, AuthlibBaseError) as error:
            raise ProviderFailed(f"the id token is not valid: {error}") from error
        return user if user.email else await self._completed(user, grant)

    async def _completed(self, user: User, grant: Grant) -> User:
        endpoint = (await self.discovery.metadata()).userinfo_endpoint
        if not endpoint:
            return user
        data = await self._fetch(endpoint, {"authorization": f"Bearer {grant.tokens.access_token}"})
        try:
            more = msgspec.json.decode(data, type=User)
        except msgspec.MsgspecError as error:
            raise ProviderFailed(f"userinfo is malformed: {error}") from error
        if more.sub != user.sub:
            raise ProviderFailed("userinfo speaks of another subject than the id token")
        return msgspec.structs.replace(more, sid=user.sid, roles=user.roles or more.roles)

    async def post(self, url: str, form: dict[str, str], methods: Collection[str] = ()) -> httpx2.Response:
        """Return the answer to a form that is sent as our client, by one of the authentication `methods`.

        Raises `ProviderFailed` where no answer comes.
        """
        method = BASIC if BASIC in methods or POST not in methods else POST
        auth = self._client.client_auth(method)
        try:
            response: httpx2.Response = await self._client.request("POST", url, data=form, auth=auth)
        except httpx2.HTTPError as error:
            raise ProviderFailed(f"the identity provider does not answer: {self.issuer}") from error
        return response

    async def _fetch(self, url: str, headers: dict[str, str] | None = None) -> bytes:
        try:
            response = await self._client.request("GET", url, headers=headers, withhold_token=True)
            response.raise_for_status()
        except httpx2.HTTPError as error:
            raise ProviderFailed(f"the identity provider does not answer: {self.issuer}") from error
        content: bytes = response.content
        return content


def _grant(response: dict[str, Any], asked: tuple[str, ...], refresh_token: str) -> Grant:
    try:
        answer = msgspec.convert(dict(response), _TokenResponse)
    except msgspec.ValidationError as error:
        raise ProviderFailed(f"the token response is malformed: {error}") from error
    tokens = Tokens(answer.access_token, answer.refresh_token or refresh_token, answer.id_token)
    scopes = asked if answer.scope is None else tuple(answer.scope.split())
    return Grant(tokens, answer.expires_in, scopes)
