"""Renews access tokens before they expire, in the background, once for all instances.

A request never waits for it. The provider's answer also tells that a login was ended there, or that the
person's roles changed. Refresh tokens that rotate work once, so that two things must not happen: that two
processes send the same one (the lease), and that one overwrites what another has renewed (`Sessions.renew`).
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
from colonnade_edge.oidc.grant import Grant
from colonnade_edge.oidc.login import refresh_at
from colonnade_edge.oidc.person import user_of
from colonnade_edge.oidc.provider import Provider
from colonnade_edge.sessions import Kept, Sessions, Tokens, answering
from colonnade_edge.store.lease import Lease
from colonnade_policy import PolicyDocument

LEASE_PREFIX = "colonnade:refresh:"
ANSWER_WITHIN_S = 10.0
"""What a provider may take for all of a refresh."""
LEASE_S = 15
"""Longer than a refresh can take; after a failure also the pause before the next attempt."""
ELSEWHERE_S = 1.0
"""While another process refreshes, ask no more often than this whether it is done."""
KEEP_TRYING_S = 30.0
"""New tokens that the store does not take would be lost, and the login with them."""

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
        lease = Lease(self._redis, LEASE_PREFIX + digest, LEASE_S)
        try:
            async with answering():
                ours = await lease.take()
            if not ours:
                await asyncio.sleep(ELSEWHERE_S)
                return
            await self._renew_alone(digest, round(policy.session.idle_s), provider)
            async with answering():
                await lease.give_back()
        except (ProviderFailed, Unavailable) as error:
            log.warning("tokens of a session were not renewed: %s", error)
        except Exception:
            log.exception("tokens of a session were not renewed")

    async def _renew_alone(self, digest: str, idle_s: int, provider: Provider) -> None:
        record, before = await self._sessions.find(digest), await self._sessions.tokens(digest)
        if record is None or record.refresh_at is None or record.refresh_at > time.time():
            return
        if before.tokens is None:
            await self._end(digest, before, "tokens-cannot-be-read")
            return
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                renewed = await _renewed(record, before.tokens, provider)
        except TimeoutError as error:
            raise ProviderFailed("the identity provider took too long to refresh") from error
        if renewed is None:
            await self._end(digest, before, "ended-by-provider")
            return
        await self._keep(digest, before, renewed, idle_s)

    async def _end(self, digest: str, before: Kept, reason: str) -> None:
        ended = await self._sessions.end_unchanged(digest, before)
        if ended is not None:
            entry = audit.Entry(event="session_ended", reason=reason, consumer=ended.consumer, session=digest)
            audit.record(entry)

    async def _keep(
        self, digest: str, before: Kept, renewed: tuple[SessionRecord, Tokens], idle_s: int
    ) -> None:
        deadline = time.monotonic() + KEEP_TRYING_S
        while True:
            try:
                await self._sessions.renew(digest, before, *renewed, idle_s)
            except Unavailable:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(ELSEWHERE_S / 4)
            else:
                return


async def _renewed(
    record: SessionRecord, tokens: Tokens, provider: Provider
) -> tuple[SessionRecord, Tokens] | None:
    """Return what the provider makes of a login, None where it has ended it."""
    grant = await provider.refresh(tokens.refresh_token, record.scopes)
    if grant is None:
        return None
    renewed = replace(record, scopes=grant.scopes, refresh_at=refresh_at(grant, time.time()))
    if grant.tokens.id_token:
        told = await _with_claims(renewed, grant, provider)
        if told is None:
            return None
        renewed = told
    return renewed, replace(grant.tokens, id_token=grant.tokens.id_token or tokens.id_token)


async def _with_claims(record: SessionRecord, grant: Grant, provider: Provider) -> SessionRecord | None:
    """Return the record with what the provider says of the person now, None where it is of somebody else.

    Where it cannot be asked, what it said before stays: the old refresh token is spent, so the new one must
    be kept in any case.
    """
    try:
        user = await user_of(provider, grant, None)
    except ProviderFailed as error:
        log.warning("a refreshed session keeps its claims: %s", error)
        return record
    if user.sub != record.sub:
        log.error("refreshed tokens speak of another subject: the session ends")
        return None
    return replace(record, email=user.email, name=user.name, roles=user.roles)
