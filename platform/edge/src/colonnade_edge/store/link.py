"""Whether the store can be asked, and the breaker that keeps a dead store from costing time."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial

from redis.asyncio import Redis
from redis.exceptions import RedisError

from colonnade_edge.store.connect import ANSWER_WITHIN_S
from colonnade_edge.store.hold import Hold
from colonnade_edge.store.topology import HERE, Place, Topology, discover
from colonnade_edge.store.trip import Trip
from colonnade_edge.store.wire import Reply, Wire, open_wire
from colonnade_policy.limits import SCRIPT

PROBE_EVERY_S = 0.1
"""How soon recovery is noticed."""

OnDone = Callable[[bool], None]

log = logging.getLogger(__name__)


class StoreLink:
    """The way to the store for ticks. One failure closes it; a probe that loads the script opens it again.

    In a cluster a node that is away closes the way to all of them: limits are then decided as each says
    for a store that is away, until the cluster has made another node the one to ask.
    What is lost during a `hold` was to be expected.
    """

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.hold = Hold(ANSWER_WITHIN_S)
        self.errors = 0
        self._topology: Topology | None = None
        self._wires: list[Wire] = []
        self._under_way = 0
        self._on_done: OnDone | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._recovery: asyncio.Task[None] | None = None

    @property
    def available(self) -> bool:
        """Whether a question has a chance of being answered."""
        return bool(self._wires)

    def place(self, key: bytes) -> Place:
        """Return where a key lies."""
        return HERE if self._topology is None else self._topology.place(key)

    async def open(self) -> None:
        """Try once to reach the store; go on trying in the background where that fails."""
        try:
            await self._connect()
        except (RedisError, OSError, TimeoutError) as error:
            self.lost(error)

    def send(self, trips: Sequence[Trip], on_done: OnDone) -> None:
        """Make all trips at once. `on_done` is called once: with whether all came back with replies."""
        # A cluster may have lost a node since the questions were collected.
        if any(trip.node >= len(self._wires) for trip in trips):
            on_done(False)
            return
        self._on_done = on_done
        self._under_way = len(trips)
        self._deadline = asyncio.get_running_loop().call_later(
            ANSWER_WITHIN_S, self.lost, TimeoutError("no answer in time")
        )
        wires = self._wires  # one that breaks while it is written to closes them all
        for trip in trips:
            wires[trip.node].send(trip.payload, trip.expected, partial(self._arrived, trip))

    def lost(self, error: BaseException) -> None:
        """Close the way to the store, and begin to look for it."""
        if not self.hold.on:
            self.errors += 1
            log.warning("the store does not answer, failure policies apply: %r", error)
        self._abort()
        if self._recovery is None:
            self._recovery = asyncio.create_task(self._recover())
        self._settle(answered=False)

    async def close(self) -> None:
        """Stop looking, and close the connections."""
        if self._recovery is not None:
            self._recovery.cancel()
        self._abort()
        await self.redis.aclose()

    def _arrived(self, trip: Trip, replies: list[Reply]) -> None:
        for reply in replies:
            if isinstance(reply, Exception):  # NOSCRIPT, OOM, MOVED, …: a new connection may fare better
                self.lost(reply)
                return
        trip.replies = replies
        self._under_way -= 1
        if self._under_way == 0:
            self._settle(answered=True)

    def _settle(self, *, answered: bool) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        on_done, self._on_done = self._on_done, None
        if on_done is not None:
            on_done(answered)

    def _abort(self) -> None:
        wires, self._wires = self._wires, []
        for wire in wires:
            wire.abort()

    async def _connect(self) -> None:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            topology = await discover(self.redis)
            wires = []
            for node in topology.nodes:
                await node.script_load(SCRIPT)
                wires.append(await open_wire(node, self.lost))
        self._topology, self._wires = topology, wires

    async def _recover(self) -> None:
        while not self._wires:
            await asyncio.sleep(PROBE_EVERY_S)
            try:
                await self._connect()
            except (RedisError, OSError, TimeoutError):
                continue
        self._recovery = None
        self.hold.end()
        log.warning("the store answers again")
