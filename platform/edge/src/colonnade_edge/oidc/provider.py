"""The identity provider as a relying party uses it, through Authlib.

OpenID Connect Core 1.0 (authorization code), RFC 7636 (PKCE), RFC 9126 (pushed authorization requests).
"""

import logging
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import msgspec
from authlib.common.errors import AuthlibBaseError
from authlib.common.urls import add_params_to_uri
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from colonnade_edge.errors import BadRequest, ProviderFailed
from colonnade_edge.oidc.detour import mounts
from colonnade_edge.oidc.discovery import Discovery
from colonnade_edge.oidc.grant import Grant, grant_of
from colonnade_edge.oidc.metadata import Metadata
from colonnade_edge.settings import Secret
from colonnade_policy import Claims

PLACES = Claims()
ANSWER_WITHIN_S = 5.0
CLOCK_SKEW_S = 30
ENDED = frozenset({"invalid_grant", "interaction_required", "login_required", "consent_required"})
"""Answers to a refresh after which only a new login helps (RFC 6749 §5.2; Entra ID says the second)."""
BASIC, POST = "client_secret_basic", "client_secret_post"

log = logging.getLogger(__name__)


class _Pushed(msgspec.Struct, frozen=True):
    request_uri: str


class Provider:
    """One issuer, and our client registration there; `reached_at` where its own address does not do.

    Its claims stand in `places`.
    """

    def __init__(
        self, issuer: str, client_id: str, secret: Secret, reached_at: str = "", places: Claims = PLACES
    ) -> None:
        self.issuer = issuer
        self.places = places
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
        return await self._pushed(metadata, url) or str(url)

    async def _pushed(self, metadata: Metadata, url: str) -> str | None:
        """Push the parameters in `url` (RFC 9126); return the URL to use instead, None to use `url` itself.

        A provider may offer it and yet not to us: then the usual way remains, unless it insists.
        """
        endpoint = metadata.pushed_authorization_request_endpoint
        if not endpoint:
            return None
        methods = metadata.token_endpoint_auth_methods_supported
        form = dict(parse_qsl(urlsplit(url).query))
        if self._method(methods) != BASIC:
            del form["client_id"]  # the proof brings it; said twice, the request would be refused
        response = await self.post(endpoint, form, methods)
        try:
            pushed = msgspec.json.decode(response.raise_for_status().content, type=_Pushed)
        except (httpx2.HTTPError, msgspec.MsgspecError) as error:
            told = f"the identity provider does not take a pushed request: {response.status_code}"
            if metadata.require_pushed_authorization_requests:
                raise ProviderFailed(told) from error
            log.warning("%s; the browser carries it", told)
            return None
        reference = {"client_id": self.client_id, "request_uri": pushed.request_uri}
        return str(add_params_to_uri(metadata.authorization_endpoint, list(reference.items())))

    async def exchange(self, code: str, redirect_uri: str, verifier: str, scopes: tuple[str, ...]) -> Grant:
        """Return the tokens for a code; raise `BadRequest` where the provider does not take it."""
        metadata = await self.discovery.metadata()
        try:
            response = await self._client.fetch_token(
                metadata.token_endpoint,
                auth=self._authentication(metadata.token_endpoint_auth_methods_supported),
                grant_type="authorization_code",
                code=code,
                redirect_uri=redirect_uri,
                code_verifier=verifier,
            )
        except OAuthError as error:
            raise BadRequest(f"the identity provider refused the code: {error.error}") from error
        except (httpx2.HTTPError, ValueError, AuthlibBaseError) as error:
            raise ProviderFailed("the identity provider did not exchange the code") from error
        return grant_of(response, scopes, "")

    async def refresh(self, refresh_token: str, scopes: tuple[str, ...]) -> Grant | None:
        """Return new tokens, or None where the provider has ended the grant."""
        metadata = await self.discovery.metadata()
        try:
            response = await self._client.refresh_token(
                metadata.token_endpoint,
                refresh_token=refresh_token,
                auth=self._authentication(metadata.token_endpoint_auth_methods_supported),
            )
        except OAuthError as error:
            if error.error in ENDED:
                return None
            raise ProviderFailed(f"the identity provider refused to refresh: {error.error}") from error
        except (httpx2.HTTPError, ValueError, AuthlibBaseError) as error:
            raise ProviderFailed("the identity provider did not refresh the tokens") from error
        return grant_of(response, scopes, refresh_token)

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

    async def userinfo(self, access_token: str) -> dict[str, Any] | None:
        """Return what the provider tells of the person; None where it has no such endpoint, or will not say.

        Entra ID, for one, refuses tokens that are for an audience of our own. Raises `ProviderFailed` where
        it does not answer.
        """
        endpoint = (await self.discovery.metadata()).userinfo_endpoint
        if not endpoint:
            return None
        headers = {"authorization": f"Bearer {access_token}"}
        try:
            response = await self._client.request("GET", endpoint, headers=headers, withhold_token=True)
            if response.is_server_error:
                response.raise_for_status()
        except httpx2.HTTPError as error:
            raise ProviderFailed(f"the identity provider does not answer: {endpoint}") from error
        try:
            return msgspec.json.decode(response.raise_for_status().content, type=dict[str, Any])
        except (httpx2.HTTPError, msgspec.MsgspecError) as error:
            log.warning("userinfo tells nothing: %s", type(error).__name__)
            return None

    async def post(self, url: str, form: dict[str, str], methods: Collection[str] = ()) -> httpx2.Response:
        """Return the answer to a form that is sent as our client, by one of the authentication `methods`.

        Raises `ProviderFailed` where no answer comes.
        """
        auth = self._authentication(methods)
        try:
            response: httpx2.Response = await self._client.request("POST", url, data=form, auth=auth)
        except httpx2.HTTPError as error:
            raise ProviderFailed(f"the identity provider does not answer: {self.issuer}") from error
        return response

    def _authentication(self, methods: Collection[str]) -> httpx2.Auth:
        """Return how our client proves itself; raise `ProviderFailed` where the provider takes no secret."""
        auth: httpx2.Auth = self._client.client_auth(self._method(methods))
        return auth

    def _method(self, methods: Collection[str]) -> str:
        if not self._client.client_secret:
            return "none"
        method = BASIC if BASIC in methods or not methods else POST
        if methods and method not in methods:
            offered = ", ".join(methods)
            raise ProviderFailed(f"the identity provider takes no client secret, only {offered}")
        return method

    async def _fetch(self, url: str, headers: dict[str, str] | None = None) -> bytes:
        try:
            response = await self._client.request("GET", url, headers=headers, withhold_token=True)
            response.raise_for_status()
        except httpx2.HTTPError as error:
            raise ProviderFailed(f"the identity provider does not answer: {self.issuer}") from error
        content: bytes = response.content
        return content
