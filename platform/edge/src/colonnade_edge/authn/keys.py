"""The keys that an issuer signs tokens with. Those known last hold while the provider is away."""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from hashlib import sha256

from redis.asyncio import Redis
from redis.exceptions import RedisError

from colonnade_edge.authn.jwks import VerificationKey, published, verification_keys
from colonnade_edge.errors import ProviderFailed, Unavailable

REFRESH_S = 60.0
"""A key that the provider withdraws is believed for no longer."""
RENEW_AT_LEAST_S = 10.0
"""A token with an unknown key id makes us ask for the keys out of turn, but no more often than this."""
BEGIN_AT_LEAST_S = 0.5
"""How often we ask while no key is known at all."""
ANSWER_WITHIN_S = 1.0
"""How long a request waits for new keys: Envoy gives up on the whole decision after two seconds."""
STORED_S = 7 * 24 * 3600
"""How long the store remembers the keys of a provider that nobody can reach."""
KEY_PREFIX = "colonnade:jwks:"

log = logging.getLogger(__name__)

Fetch = Callable[[], Awaitable[bytes]]
Known = tuple[VerificationKey, ...]


class Keys:
    """The keys of one issuer, shared by all that verify its tokens. `clock` gives seconds."""

    def __init__(
        self, issuer: str, fetch: Fetch, redis: Redis, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.issuer = issuer
        self._fetch = fetch
        self._redis = redis
        self._clock = clock
        self._known: Known = ()
        self._renewed_at = -math.inf
        self._failing = False
        self._open: asyncio.Task[None] | None = None

    async def current(self) -> Known:
        """Return the keys known last; raise `Unavailable` where there are none yet."""
        if not self._known:
            await self._renew(BEGIN_AT_LEAST_S)
        if not self._known:
            raise Unavailable("the identity provider's keys are not known yet")
        return self._known

    async def renewed(self) -> Known:
        """Return the keys as the provider has them now, for a token that names none of those known.

        It is asked once, however many wait, and not again soon; where it does not answer, the old keys stay.
        """
        await self._renew(RENEW_AT_LEAST_S)
        return await self.current()

    async def refresh(self) -> None:
        """Ask the provider, whenever it was asked last."""
        await self._load_once()

    async def document(self) -> bytes:
        """Return the keys as a JWK set; raise `Unavailable` where there are none yet."""
        return published(await self.current())

    async def _renew(self, at_least_s: float) -> None:
        now = self._clock()
        if self._open is None and now - self._renewed_at < at_least_s:
            return
        self._renewed_at = now
        await self._load_once()

    async def _load_once(self) -> None:
        if self._open is None:
            self._open = asyncio.create_task(self._load())
        # Whoever asked first may hang up, or lose patience: the others still wait.
        await asyncio.wait((self._open,), timeout=ANSWER_WITHIN_S)

    async def _load(self) -> None:
        try:
            document = await self._fetch()
            self._known = verification_keys(document)
            self._failing = False
            await self._keep(document)
        except (ProviderFailed, ValueError) as error:
            if not self._failing:
                log.warning("the keys of %s cannot be had, those known stay: %s", self.issuer, error)
            self._failing = True
            self._known = self._known or await self._kept()
        finally:
            self._open = None

    async def _keep(self, document: bytes) -> None:
        try:
            await self._redis.set(self._store_key, document, ex=STORED_S)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("the store does not take the keys of %s: %s", self.issuer, error)

    async def _kept(self) -> Known:
        """What the store remembers: this process may have begun while the provider was away."""
        try:
            document = await self._redis.get(self._store_key)
            return verification_keys(document) if isinstance(document, bytes) else ()
        except (RedisError, OSError, TimeoutError, ValueError):
            return ()

    @property
    def _store_key(self) -> str:
        return KEY_PREFIX + sha256(self.issuer.encode()).hexdigest()
