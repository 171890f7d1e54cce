"""The audit log: who came in, who was turned away, and who took what from whom.

One JSON object a line on the logger `colonnade.audit`, whatever form the other logs have. It never holds a
secret, nor an e-mail address: a person is named by the subject that the identity provider gave.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from colonnade_edge.revocation.record import Kind

LOGGER = "colonnade.audit"
PER_SECOND = 20
"""Refusals that one process writes a second; a flood of them must not fill the disk."""

Event = Literal[
    "login",
    "login_failed",
    "logout",
    "backchannel_logout",
    "session_ended",
    "refused",
    "refusals_left_out",
    "key_created",
    "key_rotated",
    "key_revoked",
    "revoked",
    "config_rolled_back",
    "config_published",
]

log = logging.getLogger(LOGGER)


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One event. What does not apply is left out.

    `consumer` is `user:…`, `client:…` or `device:…`; `session` the digest by which a session is revoked; `by`
    who ordered it, where that is not the consumer; `count` how many sessions ended, or lines were left out.
    """

    event: Event
    reason: str = ""
    detail: str = ""
    consumer: str = ""
    session: str = ""
    client_id: str = ""
    key: str = ""
    device: str = ""
    token: str = ""
    by: str = ""
    route: str = ""
    count: int = 0


def revoked(kind: Kind, value: str, *, by: str, count: int = 0) -> Entry:
    """Return the entry of a revocation that ended `count` sessions."""
    names = {"client": "client_id", "user": "consumer"}
    fields = {names.get(kind, kind): f"user:{value}" if kind == "user" else value}
    return msgspec.convert({"event": "revoked", "by": by, "count": count, **fields}, Entry)


Header = Callable[[str], str]
"""Returns a header of the request that an event came from, or the empty string."""


def record(entry: Entry, header: Header = lambda _: "") -> None:
    """Write one event, with the client's address and the request's id as Envoy told them."""
    now = time.time()
    line = {
        "at": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now * 1000) % 1000:03d}Z",
        "logger": LOGGER,
        **msgspec.to_builtins(entry),
        "address": header("x-colonnade-ip"),
        "request_id": header("x-request-id"),
    }
    log.info("%s", msgspec.json.encode({name: value for name, value in line.items() if value}).decode())


class Refusals:
    """Records refusals, `PER_SECOND` at most; how many were left out stands in a line of its own."""

    def __init__(self) -> None:
        self._seen = 0

    def record(self, entry: Entry, header: Header) -> None:
        """Write a refusal, or count it."""
        if self._seen == 0:
            asyncio.get_running_loop().call_later(1.0, self._begin_anew)
        self._seen += 1
        if self._seen <= PER_SECOND:
            record(entry, header)

    def _begin_anew(self) -> None:
        left_out = self._seen - PER_SECOND
        self._seen = 0
        if left_out > 0:
            record(Entry(event="refusals_left_out", count=left_out))
