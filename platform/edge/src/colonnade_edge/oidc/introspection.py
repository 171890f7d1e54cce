"""Asks the identity provider what a token is (RFC 7662)."""

import logging

import msgspec

from colonnade_edge.errors import ProviderFailed, Unavailable
from colonnade_edge.oidc.provider import Provider

OK, BAD_REQUEST = 200, 400

log = logging.getLogger(__name__)


class IntrospectionEndpoint:
    """The provider's introspection endpoint, found by discovery. It tells once when it stops to answer."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._failing = False

    async def introspect(self, token: str) -> dict[str, object]:
        """Return the members of the answer; raise `Unavailable` where there is none."""
        try:
            answer = await self._ask(token)
        except ProviderFailed as failed:
            if not self._failing:
                log.error("opaque tokens cannot be checked: %s", failed)  # noqa: TRY400 - the text says it all
            self._failing = True
            raise Unavailable("the identity provider does not tell what this token is") from failed
        self._failing = False
        return answer

    async def _ask(self, token: str) -> dict[str, object]:
        metadata = await self._provider.discovery.metadata()
        if not metadata.introspection_endpoint:
            raise ProviderFailed(f"{metadata.issuer} has no introspection endpoint")
        form = {"token": token, "token_type_hint": "access_token"}
        methods = metadata.introspection_endpoint_auth_methods_supported
        response = await self._provider.post(metadata.introspection_endpoint, form, methods)
        if response.status_code == BAD_REQUEST:
            # About this token only: nobody else waits for it, as for a provider that is down.
            return {"active": False}
        if response.status_code != OK:
            raise ProviderFailed(f"introspection was refused with status {response.status_code}")
        try:
            return msgspec.json.decode(response.content, type=dict[str, object])
        except msgspec.DecodeError as error:
            raise ProviderFailed("the answer to an introspection is not JSON") from error
