"""The streams that are open through this process, and when each has to end."""

import asyncio
import time
from collections import Counter
from typing import Literal

from colonnade_edge.authn.session import session_key
from colonnade_edge.errors import StoreUnavailable
from colonnade_edge.revocation.provenance import Provenance
from colonnade_edge.revocation.table import Table
from colonnade_edge.store.tick import Ticker

LOOK_EVERY_S = 2.0
"""How soon a stream ends after its session did: by logout, or because nobody used it."""

End = Literal["revoked", "expired", "session_over"]


class Lease:
    """One open stream; `ended` tells why it has to end."""

    __slots__ = ("credential", "ended", "timer")

    def __init__(self, credential: Provenance, ended: asyncio.Future[End]) -> None:
        self.credential = credential
        self.ended = ended
        self.timer: asyncio.TimerHandle | None = None

    def end(self, why: End) -> None:
        """End the stream, unless it has ended."""
        if not self.ended.done():
            self.ended.set_result(why)


class Leases:
    """Holds each lease against the revocations, the clock, and the session's record in the store.

    An open stream is no use of its session: it prolongs nothing.
    """

    def __init__(self, revoked: Table) -> None:
        self._revoked = revoked
        self._open: set[Lease] = set()
        self._ended: Counter[End] = Counter()

    def open(self, credential: Provenance) -> Lease:
        """Begin a lease; it has ended already where the credential has."""
        loop = asyncio.get_running_loop()
        lease = Lease(credential, loop.create_future())
        self._open.add(lease)
        if credential.expires is not None:
            left = max(0.0, credential.expires - time.time())
            lease.timer = loop.call_later(left, lease.end, "expired")
        if self._revoked.covers(credential):
            lease.end("revoked")
        return lease

    def close(self, lease: Lease) -> None:
        """Forget a lease, whether the stream or the credential ended."""
        self._open.discard(lease)
        if lease.timer is not None:
            lease.timer.cancel()
        if lease.ended.done():
            self._ended[lease.ended.result()] += 1

    def look(self) -> None:
        """End what was revoked."""
        for lease in self._open:
            if self._revoked.covers(lease.credential):
                lease.end("revoked")

    async def watch_sessions(self, ticker: Ticker) -> None:
        """End, until cancelled, the streams of sessions that the store does not know any more.

        While the store is away they stay open.
        """
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self._end_without_session(ticker)
            except StoreUnavailable:
                continue

    def lines(self) -> list[str]:
        """Return the metrics in Prometheus' text format."""
        return [
            "# TYPE colonnade_leases gauge",
            f"colonnade_leases {len(self._open)}",
            "# TYPE colonnade_leases_ended_total counter",
            *(f'colonnade_leases_ended_total{{why="{why}"}} {n}' for why, n in sorted(self._ended.items())),
        ]

    async def _end_without_session(self, ticker: Ticker) -> None:
        asked = []
        for lease in self._open:
            if lease.credential.session:
                tick = ticker.tick()
                asked.append((lease, tick, tick.read(session_key(lease.credential.session), 0)))
        for lease, tick, at in asked:
            await tick.answered
            if tick.records[at] is None:
                lease.end("session_over")
