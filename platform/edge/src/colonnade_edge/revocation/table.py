"""The revocations that hold now, in the memory of one process.

A check costs a few look-ups in dictionaries, however much was revoked. A revocation takes about 300 bytes,
and is dropped once nothing is left that it could refuse.
"""

import heapq
import time
from collections.abc import Callable, Iterator

from colonnade_edge.revocation.provenance import Provenance
from colonnade_edge.revocation.record import KINDS, Kind, Revocation


class Table:
    """What is revoked, as far as this process was told. `clock` gives seconds since 1970."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._held: dict[Kind, dict[str, Revocation]] = {kind: {} for kind in KINDS}
        self._ends: list[tuple[float, Kind, str]] = []
        self._heard: float | None = None

    def __len__(self) -> int:
        """Return how many revocations are held."""
        return sum(map(len, self._held.values()))

    def __iter__(self) -> Iterator[Revocation]:
        """Return the revocations that are held."""
        return (one for held in self._held.values() for one in held.values())

    @property
    def known(self) -> bool:
        """Whether the store's revocations were ever read to their end."""
        return self._heard is not None

    def heard(self) -> None:
        """Note that all is known that the store knows now."""
        self._heard = self._clock()

    def add(self, revocation: Revocation) -> None:
        """Hold a revocation; of two about the same, what either refuses is refused."""
        held = self._held[revocation.kind]
        before = held.get(revocation.value)
        if before is not None:
            revocation = Revocation(
                revocation.kind,
                revocation.value,
                max(before.at, revocation.at),
                max(before.until, revocation.until),
            )
        if revocation == before or revocation.until <= self._clock():
            return
        held[revocation.value] = revocation
        heapq.heappush(self._ends, (revocation.until, revocation.kind, revocation.value))

    def covers(self, credential: Provenance) -> bool:
        """Return whether a credential is refused."""
        if not self._ends:
            return False
        held = self._held
        sessions = held["session"]
        return (
            credential.token in held["token"]
            or credential.key in held["key"]
            or credential.session in sessions
            or credential.sid in sessions
            or self._since("user", credential.user, credential.issued)
            or self._since("client", credential.client, credential.issued)
            or self._since("device", credential.device, credential.issued)
        )

    def forget(self) -> None:
        """Drop what can refuse nothing any more."""
        now = self._clock()
        while self._ends and self._ends[0][0] <= now:
            until, kind, value = heapq.heappop(self._ends)
            held = self._held[kind].get(value)
            if held is not None and held.until == until:  # else it was prolonged
                del self._held[kind][value]

    def lines(self) -> list[str]:
        """Return the table's metrics in Prometheus' text format."""
        age = "+Inf" if self._heard is None else f"{max(0.0, self._clock() - self._heard):.3f}"
        return [
            "# TYPE colonnade_revocations gauge",
            f"colonnade_revocations {len(self)}",
            "# TYPE colonnade_revocations_age_seconds gauge",
            f"colonnade_revocations_age_seconds {age}",
        ]

    def _since(self, kind: Kind, value: str, issued: float) -> bool:
        held = self._held[kind].get(value)
        return held is not None and issued <= held.at
