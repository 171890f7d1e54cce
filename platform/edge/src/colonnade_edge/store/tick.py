"""Everything that is asked of the store in one event-loop tick, in one round trip to each of its nodes."""

import asyncio
import struct
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from hashlib import sha1

import msgspec

from colonnade_edge.errors import StoreUnavailable
from colonnade_edge.metrics import BatchSizes
from colonnade_edge.store.link import StoreLink
from colonnade_edge.store.topology import Place
from colonnade_edge.store.trip import Trip
from colonnade_edge.store.wire import command
from colonnade_policy.limits import SCRIPT, Outcome

MAX_QUESTIONS = 1000
"""Keeps a script call far below the store's argument limits, and its run near a millisecond."""

ARGUMENTS = 1024
"""Nearly all requests meet one of few sets of limits, at the same cost."""

_COST = struct.Struct("<d")
_SHA = sha1(SCRIPT, usedforsecurity=False).hexdigest().encode()
_EVALSHA = b"$7\r\nEVALSHA\r\n$%d\r\n%b\r\n" % (len(_SHA), _SHA)


class Take(msgspec.Struct, frozen=True):
    """One request's question: its keys and its rules as they are sent, and where its answer begins."""

    place: Place
    keys: bytes
    rules: bytes
    at: int
    count: int


class Read(msgspec.Struct, frozen=True):
    """A record that is read, and where in `records` it will be."""

    node: int
    command: bytes
    at: int


class Tick:
    """Questions that travel together. `outcomes` and `records` are there once `answered` is done."""

    __slots__ = ("_found", "_limits", "_place", "_reads", "_takes", "answered", "records", "size")

    def __init__(self, answered: asyncio.Future[None], place: Callable[[bytes], Place]) -> None:
        self.answered = answered
        self.size = 0
        self.records: list[bytes | None] = []
        self._place = place
        self._limits = 0
        self._found: list[int] = []
        self._takes: list[Take] = []
        self._reads: list[Read] = []

    def take(self, keys: Sequence[str], cost: int, rules: bytes) -> int:
        """Ask to take `cost` from all of `keys` or none; return where `outcomes` finds the answer.

        In a cluster all keys must have one slot.
        """
        encoded = [key.encode() for key in keys]
        at = self._limits
        sent = b"".join(map(_bulk, encoded))
        self._takes.append(Take(self._place(encoded[0]), sent, _argument(cost, rules), at, len(keys)))
        self._limits += len(keys)
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
        self._reads.append(Read(self._place(name).node, asked, len(self._reads)))
        self.size += 1
        return len(self._reads) - 1

    def load(self) -> "Load":
        """Return the round trips that answer all questions."""
        groups: dict[Place, list[Take]] = {}
        for take in self._takes:
            groups.setdefault(take.place, []).append(take)
        return Load(self._reads, list(groups.items()))

    def settle(self, load: "Load | None") -> None:
        """Give every questioner its answer, or `StoreUnavailable` where there is no load back."""
        if load is None:
            self.answered.set_exception(StoreUnavailable())
            self.answered.exception()  # retrieved here, because whoever asked may be gone
            return
        self._found, self.records = load.answers(self._limits)
        self.answered.set_result(None)


class Load:
    """The trips of a tick, one for each node: the records that are read, then a script call per slot."""

    def __init__(self, reads: Sequence[Read], groups: Sequence[tuple[Place, list[Take]]]) -> None:
        self._reads = reads
        self._groups = groups
        nodes = sorted({read.node for read in reads} | {place.node for place, _ in groups})
        self.trips = [self._trip(node) for node in nodes]

    def _trip(self, node: int) -> Trip:
        parts = [read.command for read in self._reads if read.node == node]
        parts += [_call(takes) for place, takes in self._groups if place.node == node]
        return Trip(node, b"".join(parts), len(parts))

    def answers(self, limits: int) -> tuple[list[int], list[bytes | None]]:
        """Return the three numbers of each limit, and the records, each where its questioner looks."""
        found = [0] * (3 * limits)
        records: list[bytes | None] = [None] * len(self._reads)
        for trip in self.trips:
            replies = iter(trip.replies)
            for read in self._reads:
                if read.node == trip.node:
                    records[read.at] = next(replies)  # type: ignore[assignment]  # GET returns bytes or nothing
            for place, takes in self._groups:
                if place.node == trip.node:
                    _spread(takes, next(replies), found)  # type: ignore[arg-type]  # the script returns numbers
        return found, records


def _spread(takes: Sequence[Take], reply: list[int], found: list[int]) -> None:
    if len(reply) == len(found):  # one slot, and so the order in which they asked
        found[:] = reply
        return
    start = 0
    for take in takes:
        end = start + 3 * take.count
        found[3 * take.at : 3 * (take.at + take.count)] = reply[start:end]
        start = end


def _call(takes: Sequence[Take]) -> bytes:
    keys = b"%d" % sum(take.count for take in takes)
    arguments = 3 + int(keys) + len(takes)
    head = b"*%d\r\n%b%b" % (arguments, _EVALSHA, _bulk(keys))
    return b"".join([head, *(take.keys for take in takes), *(take.rules for take in takes)])


@lru_cache(maxsize=ARGUMENTS)
def _argument(cost: int, rules: bytes) -> bytes:
    return _bulk(_COST.pack(cost) + rules)


def _bulk(data: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(data), data)


class Ticker:
    """Collects questions. While one load is under way the next tick fills: more load makes batches larger."""

    def __init__(self, link: StoreLink, sizes: BatchSizes) -> None:
        self._link = link
        self._sizes = sizes
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Tick] = []
        self._under_way = False

    def tick(self) -> Tick:
        """Return the tick that now collects; raise `StoreUnavailable` where asking would be in vain."""
        if not (self._link.available or self._link.hold.on):
            raise StoreUnavailable
        if self._waiting and self._waiting[-1].size < MAX_QUESTIONS:
            return self._waiting[-1]
        tick = Tick(self._loop.create_future(), self._link.place)
        self._waiting.append(tick)
        if not self._under_way:
            self._loop.call_soon(self._dispatch)
        return tick

    def _dispatch(self) -> None:
        if self._under_way or not self._waiting:
            return
        if self._link.hold.on:
            self._link.hold.then(self._dispatch)
            return
        self._under_way = True
        tick = self._waiting.pop(0)
        self._sizes.observe(tick.size)
        load = tick.load()
        self._link.send(load.trips, partial(self._arrived, tick, load))

    def _arrived(self, tick: Tick, load: Load, answered: bool) -> None:  # noqa: FBT001 - the link's word
        self._under_way = False
        tick.settle(load if answered else None)
        self._dispatch()
