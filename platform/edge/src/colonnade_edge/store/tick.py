"""Everything that is asked of the store in one event-loop tick, in one round trip."""

import asyncio
import struct
from collections.abc import Sequence
from hashlib import sha1

from colonnade_edge.errors import StoreUnavailable
from colonnade_edge.metrics import BatchSizes
from colonnade_edge.store.link import StoreLink
from colonnade_edge.store.wire import Reply, command
from colonnade_policy.limits import SCRIPT, Outcome

MAX_QUESTIONS = 1000
"""Keeps a script call far below the store's argument limits, and its run near a millisecond."""

_COST = struct.Struct("<d")
_SHA = sha1(SCRIPT, usedforsecurity=False).hexdigest().encode()
_EVALSHA = b"$7\r\nEVALSHA\r\n$%d\r\n%b\r\n" % (len(_SHA), _SHA)


class Tick:
    """Questions that travel together. `outcomes` and `records` are there once `answered` is done."""

    __slots__ = ("_found", "_keys", "_reads", "_takes", "answered", "records", "size")

    def __init__(self, answered: asyncio.Future[None]) -> None:
        self.answered = answered
        self.size = 0
        self._found: list[int] = []
        self.records: list[bytes | None] = []
        self._keys: list[bytes] = []
        self._takes: list[bytes] = []
        self._reads: list[bytes] = []

    def take(self, keys: Sequence[str], cost: int, rules: bytes) -> int:
        """Ask to take `cost` from all of `keys` or none; return where `outcomes` finds the answer."""
        packed = _COST.pack(cost) + rules
        at = len(self._keys)
        for key in keys:
            encoded = key.encode()
            self._keys.append(b"$%d\r\n%b\r\n" % (len(encoded), encoded))
        self._takes.append(b"$%d\r\n%b\r\n" % (len(packed), packed))
        self.size += 1
        return at

    def outcomes(self, at: int, count: int) -> list[Outcome]:
        """Return what `count` limits answered, once `answered` is done."""
        found = self._found
        return [Outcome(found[i], found[i + 1], found[i + 2]) for i in range(3 * at, 3 * (at + count), 3)]

    def read(self, key: str, idle_s: int) -> int:
        """Ask for a record, prolonging its life if `idle_s`; return where in `records` it will be."""
        name = key.encode()
        asked = command(b"GETEX", name, b"EX", b"%d" % idle_s) if idle_s else command(b"GET", name)
        self._reads.append(asked)
        self.size += 1
        return len(self._reads) - 1

    def payload(self) -> tuple[bytes, int]:
        """Return the bytes to send, and how many replies they ask for."""
        if not self._keys:
            return b"".join(self._reads), len(self._reads)
        count = b"%d" % len(self._keys)
        head = b"*%d\r\n%b$%d\r\n%b\r\n" % (
            3 + len(self._keys) + len(self._takes),
            _EVALSHA,
            len(count),
            count,
        )
        return b"".join([*self._reads, head, *self._keys, *self._takes]), len(self._reads) + 1

    def settle(self, replies: list[Reply]) -> None:
        """Give every questioner its answer, or `StoreUnavailable` where there are no replies."""
        if not replies:
            self.answered.set_exception(StoreUnavailable())
            self.answered.exception()  # retrieved here, because whoever asked may be gone
            return
        if self._keys:
            self._found = replies.pop()  # type: ignore[assignment]  # the script returns whole numbers
        self.records = replies  # type: ignore[assignment]  # GET returns bytes or nothing
        self.answered.set_result(None)


class Ticker:
    """Collects questions. While one trip is under way the next tick fills: load makes batches larger."""

    def __init__(self, link: StoreLink, sizes: BatchSizes) -> None:
        self._link = link
        self._sizes = sizes
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Tick] = []
        self._under_way: Tick | None = None

    def tick(self) -> Tick:
        """Return the tick that now collects; raise `StoreUnavailable` where asking would be in vain."""
        if not self._link.available:
            raise StoreUnavailable
        if self._waiting and self._waiting[-1].size < MAX_QUESTIONS:
            return self._waiting[-1]
        tick = Tick(self._loop.create_future())
        self._waiting.append(tick)
        if self._under_way is None:
            self._loop.call_soon(self._dispatch)
        return tick

    def _dispatch(self) -> None:
        if self._under_way is not None or not self._waiting:
            return
        tick = self._under_way = self._waiting.pop(0)
        self._sizes.observe(tick.size)
        payload, expected = tick.payload()
        self._link.send(payload, expected, self._arrived)

    def _arrived(self, replies: list[Reply]) -> None:
        tick, self._under_way = self._under_way, None
        if tick is not None:
            tick.settle(replies)
        self._dispatch()
