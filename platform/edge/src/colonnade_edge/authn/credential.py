"""A credential that only the store can confirm: a session cookie or an API key."""

import math
from collections import OrderedDict
from typing import Protocol

import msgspec

from colonnade_edge.authn.identity import Identity
from colonnade_edge.errors import Unauthenticated

REMEMBERED = 8192
"""Credentials in use whose record is kept decoded; about 16 MB when full."""


class Credential(Protocol):
    """What was presented, and how to tell from the store's record whether it is good."""

    @property
    def digest(self) -> str:
        """A digest of the whole secret: names the credential without revealing it."""
        ...

    @property
    def store_key(self) -> str:
        """Where the store keeps the record."""
        ...

    @property
    def idle_s(self) -> int:
        """Seconds of further life that each use gives the record; 0 leaves its life alone."""
        ...

    def confirm(self, record: bytes | None) -> "Confirmed":
        """Return what the record says; raise `Unauthenticated` where it does not confirm the credential.

        Whether it is past its time is left to the caller, who asks on each use.
        """
        ...

    def expired(self) -> Unauthenticated:
        """Return the refusal of a credential that is past its time."""
        ...


class Confirmed(msgspec.Struct, frozen=True):
    """The record a credential has, whom it confirms, and until when. Times are seconds since 1970."""

    record: bytes
    identity: Identity
    expires: float = math.inf
    refresh_at: float = math.inf


class Memory:
    """Credentials that were confirmed before; the least recently used is dropped first.

    It never confirms one: the store is asked each time. It saves decoding an unchanged record, and lets the
    limits of the remembered consumer be counted in the same round trip as the question to the store.
    """

    def __init__(self, size: int = REMEMBERED) -> None:
        self._size = size
        self._known: OrderedDict[str, Confirmed] = OrderedDict()

    def recall(self, digest: str) -> Confirmed | None:
        """Return what is known of a credential."""
        confirmed = self._known.get(digest)
        if confirmed is not None:
            self._known.move_to_end(digest)
        return confirmed

    def remember(self, digest: str, confirmed: Confirmed) -> None:
        """Keep what the store confirmed."""
        self._known[digest] = confirmed
        if len(self._known) > self._size:
            self._known.popitem(last=False)
