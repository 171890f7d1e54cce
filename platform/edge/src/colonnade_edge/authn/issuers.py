"""The signing keys of every issuer that a policy document has named while this process ran."""

import asyncio

from redis.asyncio import Redis

from colonnade_edge.authn.keys import REFRESH_S, Keys
from colonnade_edge.oidc.provider import Provider
from colonnade_edge.policy.reload import PolicyFile
from colonnade_edge.settings import Secret


class Issuers:
    """Finds an issuer's keys by discovery, at `identity_url` where it is not reached at its own address."""

    def __init__(self, redis: Redis, identity_url: str) -> None:
        self._redis = redis
        self._identity_url = identity_url
        self._providers: list[Provider] = []
        self._known: dict[str, Keys] = {}

    def of(self, issuer: str) -> Keys:
        """Return the keys of an issuer."""
        if issuer not in self._known:
            provider = Provider(issuer, "", Secret(), self._identity_url)
            self._providers.append(provider)
            self._known[issuer] = Keys(issuer, provider.discovery.jwks, self._redis)
        return self._known[issuer]

    async def watch(self, policy: PolicyFile) -> None:
        """Keep the keys of the trusted issuer fresh, until cancelled."""
        while True:
            if policy.current is not None:
                await self.of(policy.current.document.identity.issuer).refresh()
            await asyncio.sleep(REFRESH_S)

    async def close(self) -> None:
        """Close the connections to the providers."""
        for provider in self._providers:
            await provider.close()
