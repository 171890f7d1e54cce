"""What the identity provider says of itself, and the keys it signs with: fetched when needed, then kept."""

import time
from collections.abc import Awaitable, Callable

import msgspec
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from joserfc.jwt import Token

from colonnade_edge.errors import ProviderFailed

KEEP_METADATA_S = 600.0
KEEP_KEYS_AT_LEAST_S = 10.0
"""A token with an unknown key id makes us fetch the keys again, but no more often than this."""

ALGORITHMS = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512", "EdDSA")
"""Signatures by private key only: our client secret must not be able to sign a token."""

Fetch = Callable[[str], Awaitable[bytes]]


class Metadata(msgspec.Struct, frozen=True):
    """The discovery document (OpenID Connect Discovery 1.0), as far as we use it."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    revocation_endpoint: str = ""
    introspection_endpoint: str = ""
    introspection_endpoint_auth_methods_supported: tuple[str, ...] = ()
    authorization_response_iss_parameter_supported: bool = False


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
        try:
            metadata = msgspec.json.decode(data, type=Metadata)
        except msgspec.MsgspecError as error:
            raise ProviderFailed(f"the discovery document of {self._issuer} is malformed: {error}") from error
        if metadata.issuer != self._issuer:
            raise ProviderFailed(f"the provider at {self._issuer} calls itself {metadata.issuer}")
        self._metadata, self._metadata_at = metadata, self._clock()
        return metadata

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
        data = await self._fetch((await self.metadata()).jwks_uri)
        try:
            self._keys = KeySet.import_key_set(msgspec.json.decode(data))
        except (msgspec.MsgspecError, JoseError, ValueError, KeyError, TypeError) as error:
            raise ProviderFailed(f"the keys of {self._issuer} are malformed: {error}") from error
        self._keys_at = self._clock()
        return self._keys


def _decode(token: str, keys: KeySet) -> Token:
    registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    return jwt.decode(token, keys, registry=registry)
