"""Answers of views, kept in this process as their views declare it (RFC 9111, RFC 5861)."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from colonnade_runtime.answer_store import AnswerStore, Key
from colonnade_runtime.caching import Caching, Encoded, tag_of
from colonnade_runtime.errors import UpstreamError
from colonnade_runtime.logs import repeats
from colonnade_runtime.memory import Memory
from colonnade_runtime.metrics import family

if TYPE_CHECKING:
    from colonnade_runtime.memory import Remembered

Make = Callable[[], Awaitable[Encoded]]
HEADERS_BYTES = 512
"""What an entry takes besides its body and the texts of its key: more than was seen."""
_log = logging.getLogger(__name__)


class KeptAnswers:
    """The answers of one process, by keys that name who may see them; others are in the `store`, if any."""

    def __init__(
        self,
        clock: Callable[[], float],
        memory: Memory[Encoded] | None = None,
        store: AnswerStore | None = None,
    ) -> None:
        self._clock = clock
        self._store = store
        self._memory: Memory[Encoded] = Memory() if memory is None else memory
        self._refreshing: dict[Key, asyncio.Task[None]] = {}
        self._found: Counter[str] = Counter()

    async def answer(self, key: Key, caching: Caching, make: Make, again: Make) -> Encoded:
        """Return an answer that holds: a kept one, or a new one that `make` makes.

        Meanwhile `again` makes one in the place of what is stale, once at a time for each key. Where `make`
        raises `UpstreamError`, a stale answer may stand in.
        """
        kept = self._memory.find(key, self._clock(), caching.keep_for)
        told = self._holds(key, caching, kept, again)
        if told is None and (recalled := await self._recall(key, caching)) is not None:
            kept = recalled
            told = self._holds(key, caching, kept, again)
        if told is not None:
            return told
        now = self._clock()
        try:
            encoded = await make()
        except UpstreamError as error:
            if kept is None or now - kept.at >= caching.max_age + caching.stale_if_error:
                raise
            words = "answering with what was kept: %s"
            _log.warning(words, error, extra=repeats("kept", error.service, error.kind))
            return self._told("failed", kept)
        self._found["none"] += 1
        self._keep(key, caching, encoded, now)
        return encoded

    def metrics(self) -> list[str]:
        """Return the lines: what was found, how much is kept."""
        found = [({"found": found}, float(n)) for found, n in self._found.items()]
        return [
            *family("colonnade_kept_answers_total", "counter", found),
            *family("colonnade_kept_answers_bytes", "gauge", [({}, float(self._memory.size))]),
            *(self._store.metrics() if self._store else ()),
        ]

    def _holds(
        self, key: Key, caching: Caching, kept: "Remembered[Encoded] | None", again: Make
    ) -> Encoded | None:
        """Return what is kept if it holds, or may be told once more while it is renewed."""
        if kept is None:
            return None
        age = self._clock() - kept.at
        if age < caching.max_age:
            return self._told("fresh", kept)
        if age < caching.max_age + caching.stale_while_revalidate:
            self._refresh(key, caching, again)
            return self._told("stale", kept)
        return None

    def _told(self, found: str, kept: "Remembered[Encoded]") -> Encoded:
        self._found[found] += 1
        age = int(self._clock() - kept.at)
        return kept.value._replace(headers=[*kept.value.headers, ("age", str(age))])

    def _keep(self, key: Key, caching: Caching, encoded: Encoded, now: float) -> None:
        """Keep an answer, unless it may not be kept: a part of it is missing, or it is none."""
        if tag_of(encoded) is not None:
            self._remember(key, encoded, now)
            if self._store is not None:
                self._store.keep(key, encoded, caching.keep_for)

    def _remember(self, key: Key, encoded: Encoded, at: float) -> None:
        self._memory.keep(key, encoded, len(encoded.body) + len(repr(key)) + HEADERS_BYTES, at)

    async def _recall(self, key: Key, caching: Caching) -> "Remembered[Encoded] | None":
        """Take what another instance has kept into this one's memory."""
        found = None if self._store is None else await self._store.find(key, caching.keep_for)
        if found is None:
            return None
        now = self._clock()
        self._remember(key, found.encoded, now - found.age)
        return self._memory.find(key, now, caching.keep_for)

    def _refresh(self, key: Key, caching: Caching, again: Make) -> None:
        if key not in self._refreshing:
            self._refreshing[key] = asyncio.create_task(self._make(key, caching, again))

    async def _make(self, key: Key, caching: Caching, again: Make) -> None:
        now = self._clock()
        try:
            recalled = await self._recall(key, caching)
            if recalled is None or now - recalled.at >= caching.max_age:
                self._keep(key, caching, await again(), now)
        except (UpstreamError, TimeoutError) as error:
            _log.warning("a kept answer could not be renewed: %s", error)
        except Exception:  # noqa: BLE001 - nobody waits for it: its end is told here or nowhere
            _log.exception("a kept answer could not be renewed")
        finally:
            del self._refreshing[key]
