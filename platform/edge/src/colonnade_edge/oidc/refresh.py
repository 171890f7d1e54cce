"""Renews access tokens before they expire, in the background, once for all instances.

A request never waits for it. The provider's answer also tells that a login was ended there, or that the
person's roles changed.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from msgspec.structs import replace
from redis.asyncio import Redis

from colonnade_edge import audit
from colonnade_edge.authn.session import SessionRecord
from colonnade_edge.errors import ProviderFailed, Unavailable
from colonnade_edge.oidc.login import refresh_at
from colonnade_edge.oidc.provider import Grant, Provider
from colonnade_edge.sessions import Sessions, answering
from colonnade_policy import PolicyDocument

LOCK_PREFIX = "colonnade:refresh:"
LOCK_S = 15
"""Longer than a refresh can take; after a failure also the pause before the next attempt."""

log = logging.getLogger(__name__)


class Refresher:
    """Renews the tokens of sessions that are in use."""

    def __init__(self, redis: Redis, sessions: Sessions) -> None:
        self._redis = redis
        self._sessions = sessions
        self._running: dict[str, asyncio.Task[None]] = {}

    def soon(self, digest: str, policy: PolicyDocument, provider: Callable[[], Provider]) -> None:
        """Begin to renew a session's tokens, unless that is under way."""
        if digest in self._running:
            return
        task = asyncio.create_task(self._renew(digest, policy, provider()))
        self._running[digest] = task
        task.add_done_callback(lambda _: self._running.pop(digest, None))

    async def close(self) -> None:
        """Let what is under way finish."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _renew(self, digest: str, policy: PolicyDocument, provider: Provider) -> None:
        lock = LOCK_PREFIX + digest
        try:
            async with answering():
                ours = await self._redis.set(lock, b"", nx=True, ex=LOCK_S)
            if not ours:
                return
            await self._renew_alone(digest, policy, provider)
            async with answering():
                await self._redis.delete(lock)
        except (ProviderFailed, Unavailable) as error:
            log.warning("tokens of a session were not renewed: %s", error)

    async def _renew_alone(self, digest: str, policy: PolicyDocument, provider: Provider) -> None:
        record, tokens = await self._sessions.find(digest), await self._sessions.tokens(digest)
        if record is None or tokens is None or record.refresh_at is None or record.refresh_at > time.time():
            return
        grant = await provider.refresh(tokens.refresh_token, record.scopes)
        if grant is None:
            await self._sessions.end(digest)
            entry = audit.Entry(
                event="session_ended",
                reason="ended-by-provider",
                consumer=f"user:{record.sub}",
                session=digest,
            )
            audit.record(entry)
            return
        renewed = replace(record, scopes=grant.scopes, refresh_at=refresh_at(grant, time.time()))
        if grant.tokens.id_token:
            renewed = await _with_claims(renewed, grant, provider)
        kept = replace(grant.tokens, id_token=grant.tokens.id_token or tokens.id_token)
        await self._sessions.renew(digest, renewed, kept, round(policy.session.idle_s))


async def _with_claims(record: SessionRecord, grant: Grant, provider: Provider) -> SessionRecord:
    user = await provider.user(grant, None)
    if user.sub != record.sub:
        raise ProviderFailed("the refreshed tokens speak of another subject")
    return replace(record, email=user.email, name=user.name, roles=user.roles)
