"""What a process remembers for a while, within a bound of bytes."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, NamedTuple, TypeVar

ALL_BYTES = 16 * 1024 * 1024
ONE_BYTES = 256 * 1024

Value = TypeVar("Value")


class Remembered(NamedTuple, Generic[Value]):
    """A value, its bytes, and since when it holds."""

    value: Value
    size: int
    at: float


class Memory(Generic[Value]):
    """Values by key, the ones used longest ago dropped first; never more than `all_bytes` of them.

    Where a value is about somebody, who that is belongs into the key.
    """

    def __init__(self, all_bytes: int = ALL_BYTES, one_bytes: int = ONE_BYTES) -> None:
        self._all_bytes = all_bytes
        self._one_bytes = one_bytes
        self._kept: OrderedDict[Hashable, Remembered[Value]] = OrderedDict()
        self.size = 0

    def keep(self, key: Hashable, value: Value, size: int, at: float) -> None:
        """Keep a value in place of the one before; one that is too large is not kept."""
        self._drop(key)
        if size > self._one_bytes:
            return
        self._kept[key] = Remembered(value, size, at)
        self.size += size
        while self.size > self._all_bytes:
            self._drop(next(iter(self._kept)))

    def find(self, key: Hashable, now: float, age: float) -> Remembered[Value] | None:
        """Return the value, if it is not older than `age` seconds."""
        found = self._kept.get(key)
        if found is None:
            return None
        if now - found.at > age:
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return found

    def _drop(self, key: Hashable) -> None:
        if (dropped := self._kept.pop(key, None)) is not None:
            self.size -= dropped.size
