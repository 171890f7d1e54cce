"""Exchanges a user name and a password for an access token (RFC 6749 §4.3; OAuth 2.1 has left it out)."""

import logging

import msgspec

from colonnade_edge.errors import ProviderFailed, Unavailable
from colonnade_edge.oidc.grant import DEFAULT_LIFE_S
from colonnade_edge.oidc.provider import Provider

log = logging.getLogger(__name__)


class Exchanged(msgspec.Struct, frozen=True):
    """What the provider gave for a password: a token that lives `expires_in` seconds."""

    access_token: str
    expires_in: float


class _Answer(msgspec.Struct, frozen=True):
    access_token: str = ""
    expires_in: float = DEFAULT_LIFE_S
    error: str = ""


class PasswordGrant:
    """The provider's token endpoint, found by discovery."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def exchange(self, username: str, password: str) -> Exchanged | None:
        """Return the user's token, or None where the provider does not take the password.

        Raises `Unavailable` where it does not say, or does not offer the grant to this platform.
        """
        form = {"grant_type": "password", "username": username, "password": password}
        try:
            metadata = await self._provider.discovery.metadata()
            methods = metadata.token_endpoint_auth_methods_supported
            response = await self._provider.post(metadata.token_endpoint, form, methods)
            answer = msgspec.json.decode(response.content, type=_Answer)
        except (ProviderFailed, msgspec.DecodeError) as error:
            raise Unavailable("the identity provider does not check passwords now") from error
        if answer.access_token:
            return Exchanged(answer.access_token, answer.expires_in)
        if answer.error == "invalid_grant":
            return None
        log.error("no password grant for this platform: %s", answer.error or response.status_code)
        raise Unavailable("the identity provider does not check passwords for this platform")
