"""What the identity provider says of itself, and the keys it signs with: fetched when needed, then kept."""

import time
from collections.abc import Awaitable, Callable

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from joserfc.jwt import Token

from colonnade_edge.authn.jwks import verification_keys
from colonnade_edge.errors import ProviderFailed
from colonnade_edge.oidc.metadata import Metadata, read_metadata

KEEP_METADATA_S = 600.0
KEEP_KEYS_AT_LEAST_S = 10.0
"""A token with an unknown key id makes us fetch the keys again, but no more often than this."""

ALGORITHMS = (
    "RS256",
    "PS256",
    "ES256",
    "RS384",
    "PS384",
    "ES384",
    "RS512",
    "PS512",
    "ES512",
    "EdDSA",
    "Ed25519",
)
"""Signatures by private key only: our client secret must not be able to sign a token."""

Fetch = Callable[[str], Awaitable[bytes]]


class Discovery:
    """The metadata and keys of one issuer."""

    def __init__(self, issuer: str, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._fetch = fetch
        self._clock = clock
        self._metadata: Metadata | None = None
        self._metadata_at = 0.0
        self._keys: KeySet | None = None
        self._keys_at = 0.0

    async def metadata(self) -> Metadata:
        """Return the discovery document, at most ten minutes old; raise `ProviderFailed` where it is none."""
        if self._metadata is not None and self._clock() - self._metadata_at < KEEP_METADATA_S:
            return self._metadata
        data = await self._fetch(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        metadata = read_metadata(data, self._issuer)
        self._metadata, self._metadata_at = metadata, self._clock()
        return metadata

    async def jwks(self) -> bytes:
        """Return the provider's keys as it serves them now; raise `ProviderFailed` where it does not."""
        return await self._fetch((await self.metadata()).jwks_uri)

    async def verify(self, token: str) -> Token:
        """Return a token whose signature is the provider's; raise `JoseError` where it is not.

        The claims are not judged here.
        """
        keys = await self._key_set(renew=False)
        try:
            return _decode(token, keys)
        except InvalidKeyIdError:
            return _decode(token, await self._key_set(renew=True))

    async def _key_set(self, *, renew: bool) -> KeySet:
        age = self._clock() - self._keys_at
        if self._keys is not None and not (renew and age > KEEP_KEYS_AT_LEAST_S):
            return self._keys
        data = await self.jwks()
        try:
            self._keys = KeySet([one.key for one in verification_keys(data)])
        except ValueError as error:
            raise ProviderFailed(f"the keys of {self._issuer} are of no use: {error}") from error
        self._keys_at = self._clock()
        return self._keys


def _decode(token: str, keys: KeySet) -> Token:
    registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    return jwt.decode(token, keys, registry=registry)
