"""Kept answers that the instances of a BFF share, in Valkey or Redis: the level below each one's memory.

A store that is away or slow is no error: it is asked with a short bound, left alone after a failure, for
longer and longer, and asked again by single tries. Ages are told by the store's clock, so that instances
need not agree.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec
from colonnade_runtime.caching import Encoded, Headers
from colonnade_runtime.errors import SettingsError
from colonnade_runtime.memory import ONE_BYTES
from colonnade_runtime.metrics import family
from colonnade_runtime.upstream.breaker import Breaker
from colonnade_runtime.upstream.policy import Breaking

if TYPE_CHECKING:
    from redis.asyncio import Redis

WITHIN_S = 0.05
"""How long a request waits for the store, unless CACHE_TIMEOUT says otherwise."""
WRITE_S = 1.0
"""How long a write may take, and a connection to be made: nobody waits for them."""
WRITES = 64
"""Writes under way; more are let go, as the answer is in memory and will be made again."""
ALONE = Breaking(failures=1, successes=1, first=1.0, longest=30.0)

Key = tuple[Any, ...]


class Stored(NamedTuple):
    """An answer, and its age in seconds."""

    encoded: Encoded
    age: float


class AnswerStore(Protocol):
    """Where instances share what they keep."""

    async def find(self, key: Key, keep_for: int) -> Stored | None:
        """Return what is kept; never more than `keep_for` seconds old."""
        ...

    def keep(self, key: Key, encoded: Encoded, keep_for: int) -> None:
        """Keep an answer for `keep_for` seconds; who calls does not wait."""
        ...

    def metrics(self) -> list[str]:
        """Return the lines of what became of reads and writes."""
        ...


class _Record(msgspec.Struct, frozen=True, array_like=True):
    """What is stored; with the whole key, as the name in the store is only its digest."""

    key: bytes
    status: int
    headers: Headers
    body: bytes


class ValkeyStore:
    """Answers of the application `name`; who reads waits `within` seconds. Made inside a running loop."""

    def __init__(self, client: "Redis", name: str, within: float = WITHIN_S) -> None:
        self._client = client
        self._within = within
        self._prefix = f"colonnade:answers:{name}:"
        self._breaker = Breaker(ALONE, asyncio.get_running_loop().time)
        self._writing: set[asyncio.Task[None]] = set()
        self._outcomes: Counter[str] = Counter()

    async def find(self, key: Key, keep_for: int) -> Stored | None:
        """Return what is kept, None where nothing is, or the store cannot say."""
        packed = msgspec.msgpack.encode((*key, keep_for))
        name = self._name(packed)
        found = await self._ask(lambda: self._read(name), self._within)
        if found is None:
            return None
        body, left_ms = found
        record = None if body is None else _record(body)
        if record is None or record.key != packed or left_ms < 0:
            self._outcomes["miss"] += 1
            return None
        self._outcomes["hit"] += 1
        encoded = Encoded(record.status, record.headers, record.body)
        return Stored(encoded, max(0.0, keep_for - left_ms / 1000))

    def keep(self, key: Key, encoded: Encoded, keep_for: int) -> None:
        """Keep an answer; one that is too large is not kept, nor one too many at once."""
        if len(encoded.body) > ONE_BYTES or len(self._writing) >= WRITES:
            self._outcomes["not_written"] += 1
            return
        packed = msgspec.msgpack.encode((*key, keep_for))
        record = _Record(packed, encoded.status, encoded.headers, encoded.body)
        task = asyncio.create_task(self._write(self._name(packed), msgspec.msgpack.encode(record), keep_for))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    def metrics(self) -> list[str]:
        """Return the lines of what became of reads and writes."""
        outcomes = [({"outcome": outcome}, float(n)) for outcome, n in self._outcomes.items()]
        return family("colonnade_answer_store_total", "counter", outcomes)

    def _name(self, packed: bytes) -> str:
        """A digest, so that the names tell nobody who has asked for what."""
        return self._prefix + sha256(packed).hexdigest()

    async def _read(self, name: str) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        pipeline.get(name)
        pipeline.pttl(name)
        return await pipeline.execute()

    async def _write(self, name: str, record: bytes, keep_for: int) -> None:
        if await self._ask(lambda: self._client.set(name, record, px=keep_for * 1000), WRITE_S) is not None:
            self._outcomes["written"] += 1

    async def _ask(self, command: Callable[[], Any], within: float) -> Any:  # noqa: ANN401 - whatever the command answers
        """Return the store's answer, None where it has none to give."""
        permit = self._breaker.admit()
        if permit is None:
            self._outcomes["left_alone"] += 1
            return None
        try:
            async with asyncio.timeout(within):
                answer = await command()
        except asyncio.CancelledError:
            self._breaker.released(permit)
            raise
        except Exception:  # noqa: BLE001 - redis-py, sockets, time: whatever it is, the answer is made without it
            self._breaker.failed(permit)
            self._outcomes["failed"] += 1
            return None
        self._breaker.succeeded(permit)
        return answer


def _record(body: bytes) -> _Record | None:
    """Return a record; None for what another version of us has written."""
    try:
        return msgspec.msgpack.decode(body, type=_Record)
    except msgspec.DecodeError:
        return None


def store_client(url: str | None) -> "Redis | None":
    """Return a client of the store at `url`, which need not answer yet; None without one.

    Raises `SettingsError` for a wrong URL, or where redis-py is missing.
    """
    if url is None:
        return None
    try:
        from redis.asyncio import Redis  # noqa: PLC0415 - an extra, for those who share answers
        from redis.asyncio.retry import Retry  # noqa: PLC0415 - as above
        from redis.backoff import NoBackoff  # noqa: PLC0415 - as above
    except ImportError as error:
        raise SettingsError("CACHE_URL needs the extra colonnade-runtime[cache]; install it") from error
    try:
        return Redis.from_url(
            url, socket_timeout=None, socket_connect_timeout=WRITE_S, retry=Retry(NoBackoff(), 0)
        )
    except ValueError:  # whose text may have the password in it
        raise SettingsError("CACHE_URL is none; set it to one such as rediss://user:…@host:6379/0") from None


@asynccontextmanager
async def shared_store(client: "Redis | None", name: str, within: float) -> AsyncIterator[ValkeyStore | None]:
    """The store behind `client`, which is closed at the end; None without one."""
    if client is None:
        yield None
        return
    async with client:
        yield ValkeyStore(client, name, within)
