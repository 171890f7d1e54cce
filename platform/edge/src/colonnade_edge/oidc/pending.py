"""Logins on their way: what finishes one waits in the store, encrypted, for the first who names it."""

import secrets
from typing import cast

import msgspec
from redis.asyncio import Redis

from colonnade_edge.keyring import Keyring
from colonnade_edge.oidc.cookies import LOGIN_LIFE_S
from colonnade_edge.sessions import answering

LOGIN_PREFIX = "colonnade:login:"


class PendingLogin(msgspec.Struct, frozen=True):
    """A login on its way; `browser` is the digest of the cookie of the browser that began it."""

    browser: str
    verifier: str
    nonce: str
    redirect_uri: str
    return_to: str


class PendingLogins:
    """The logins on their way of all instances, by the digest of their state."""

    def __init__(self, redis: Redis, keyring: Keyring) -> None:
        self._redis = redis
        self._keyring = keyring

    async def keep(self, digest: str, pending: PendingLogin) -> None:
        """Keep a login until it is taken, or too old."""
        key = LOGIN_PREFIX + digest
        sealed = self._keyring.seal(msgspec.json.encode(pending), key)
        async with answering():
            await self._redis.set(key, sealed, ex=LOGIN_LIFE_S)

    async def take(self, digest: str) -> PendingLogin | None:
        """Return a login to the first who asks for it; None to all others.

        When its connection breaks a command is sent again. Of two `GETDEL` the first would take what only the
        second tells of; this way, who finds his own name was first.
        """
        key, name = LOGIN_PREFIX + digest, secrets.token_bytes(16)
        async with answering():
            sealed = cast("bytes | None", await self._redis.get(key))
            if sealed is None:
                return None
            first = await self._redis.set(f"{key}:taken", name, nx=True, get=True, ex=LOGIN_LIFE_S)
        data = self._keyring.unseal(sealed, key) if first in (None, name) else None
        return msgspec.json.decode(data, type=PendingLogin) if data else None
