"""Last good answers: what a call brought before may stand in while its service fails."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

ALL_BYTES = 16 * 1024 * 1024
ONE_BYTES = 256 * 1024


class _Kept(NamedTuple):
    body: bytes
    at: float


class LastGood:
    """Answers by key, the ones used longest ago dropped first; never more than `all_bytes` of them.

    Who asks is part of the key, so nobody is ever answered with what another was told.
    """

    def __init__(self, all_bytes: int = ALL_BYTES, one_bytes: int = ONE_BYTES) -> None:
        self._all_bytes = all_bytes
        self._one_bytes = one_bytes
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self.size = 0

    def keep(self, key: Hashable, body: bytes, now: float) -> None:
        """Keep an answer in place of the one before; one that is too large is not kept."""
        self._drop(key)
        if len(body) > self._one_bytes:
            return
        self._kept[key] = _Kept(body, now)
        self.size += len(body)
        while self.size > self._all_bytes:
            self._drop(next(iter(self._kept)))

    def find(self, key: Hashable, now: float, age: float) -> bytes | None:
        """Return the answer, if it is not older than `age` seconds."""
        found = self._kept.get(key)
        if found is None:
            return None
        if now - found.at > age:
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return found.body

    def _drop(self, key: Hashable) -> None:
        if (dropped := self._kept.pop(key, None)) is not None:
            self.size -= len(dropped.body)
