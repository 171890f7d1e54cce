"""Tells clients of a logout (OpenID Connect Back-Channel Logout 1.0)."""

import logging
import secrets
import time

import httpx

from identity_service.clients import Client, Clients
from identity_service.keys import SigningKey

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TIMEOUT_S = 3.0
LOGOUT_TOKEN_LIFE_S = 120

log = logging.getLogger(__name__)


class Backchannel:
    """Posts logout tokens to every client that registered an address for them."""

    def __init__(self, issuer: str, clients: Clients, key: SigningKey) -> None:
        self._issuer = issuer
        self._clients = clients
        self._key = key

    async def tell(self, sid: str) -> None:
        """Tell of the end of session `sid`; a client that does not answer is only logged."""
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as http:
            for client in self._clients.all():
                uri = client.registration.backchannel_logout_uri
                if uri is not None:
                    await self._post(http, uri, client, sid)

    async def _post(self, http: httpx.AsyncClient, uri: str, client: Client, sid: str) -> None:
        token = self._key.sign(self._claims(client, sid), "logout+jwt")
        try:
            await http.post(uri, data={"logout_token": token})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.warning("could not tell %s of a logout: %s", client.get_client_id(), type(error).__name__)

    def _claims(self, client: Client, sid: str) -> dict[str, object]:
        now = int(time.time())
        return {
            "iss": self._issuer,
            "aud": client.get_client_id(),
            "iat": now,
            "exp": now + LOGOUT_TOKEN_LIFE_S,
            "jti": secrets.token_urlsafe(16),
            "sid": sid,
            "events": {EVENT: {}},
        }
