"""Whether the store can be asked, and the breaker that keeps a dead store from costing time."""

import asyncio
import logging

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as BrokenConnectionError
from redis.exceptions import RedisError

from colonnade_edge.store.wire import OnReplies, Reply, Wire, open_wire
from colonnade_policy.limits import SCRIPT

ANSWER_WITHIN_S = 0.25
"""A round trip takes under a millisecond: a store that takes this long is away, not busy."""

PROBE_EVERY_S = 0.1
"""How soon recovery is noticed."""

log = logging.getLogger(__name__)


def connect(url: str) -> Redis:
    """Return a client whose caller decides what a failure means.

    A connection that broke is made anew, once and at once: after a restart of the store every
    connection in the pool is broken, and none of them should cost anybody an answer.
    """
    return Redis.from_url(
        url,
        retry=Retry(NoBackoff(), 1, supported_errors=(BrokenConnectionError,)),
        socket_timeout=ANSWER_WITHIN_S,
        socket_connect_timeout=ANSWER_WITHIN_S,
        protocol=2,
    )


class StoreLink:
    """The way to the store for ticks. One failure closes it; a probe that loads the script opens it again."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.errors = 0
        self._wire: Wire | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._on_failure: OnReplies | None = None
        self._recovery: asyncio.Task[None] | None = None

    @property
    def available(self) -> bool:
        """Whether a question has a chance of being answered."""
        return self._wire is not None

    async def open(self) -> None:
        """Try once to reach the store; go on trying in the background where that fails."""
        try:
            await self._connect()
        except (RedisError, OSError, TimeoutError) as error:
            self.lost(error)

    def send(self, payload: bytes, expected: int, on_replies: OnReplies) -> None:
        """Send a payload. `on_replies` is called once, with no replies where the store is lost."""
        if self._wire is None:
            on_replies([])
            return
        self._on_failure = on_replies
        self._deadline = asyncio.get_running_loop().call_later(
            ANSWER_WITHIN_S, self.lost, TimeoutError("no answer in time")
        )
        self._wire.send(payload, expected, self._arrived)

    def lost(self, error: BaseException) -> None:
        """Close the way to the store, and begin to look for it."""
        self.errors += 1
        log.warning("the store does not answer, failure policies apply: %r", error)
        if self._wire is not None:
            self._wire.abort()
            self._wire = None
        if self._recovery is None:
            self._recovery = asyncio.create_task(self._recover())
        self._settle([])

    async def close(self) -> None:
        """Stop looking, and close the connections."""
        if self._recovery is not None:
            self._recovery.cancel()
        if self._wire is not None:
            self._wire.abort()
        await self.redis.aclose()

    def _arrived(self, replies: list[Reply]) -> None:
        for reply in replies:
            if isinstance(reply, Exception):  # NOSCRIPT, OOM, READONLY, …: a new connection may fare better
                self.lost(reply)
                return
        self._settle(replies)

    def _settle(self, replies: list[Reply]) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        on_replies, self._on_failure = self._on_failure, None
        if on_replies is not None:
            on_replies(replies)

    async def _connect(self) -> None:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            await self.redis.script_load(SCRIPT)
            self._wire = await open_wire(self.redis, self.lost)

    async def _recover(self) -> None:
        while self._wire is None:
            await asyncio.sleep(PROBE_EVERY_S)
            try:
                await self._connect()
            except (RedisError, OSError, TimeoutError):
                continue
        self._recovery = None
        log.warning("the store answers again")
