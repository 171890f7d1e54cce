"""Answers of views, kept in this process as their views declare it (RFC 9111, RFC 5861)."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable
from typing import TYPE_CHECKING

from colonnade_runtime.caching import Caching, Encoded, tag_of
from colonnade_runtime.errors import UpstreamError
from colonnade_runtime.memory import Memory
from colonnade_runtime.metrics import family

if TYPE_CHECKING:
    from colonnade_runtime.memory import Remembered

Make = Callable[[], Awaitable[Encoded]]
HEADERS_BYTES = 512
"""What an entry takes besides its body and the texts of its key: more than was seen."""
_log = logging.getLogger(__name__)


class KeptAnswers:
    """The answers of one process, by keys that name who may see them."""

    def __init__(self, clock: Callable[[], float], memory: Memory[Encoded] | None = None) -> None:
        self._clock = clock
        self._memory: Memory[Encoded] = Memory() if memory is None else memory
        self._refreshing: dict[Hashable, asyncio.Task[None]] = {}
        self._found: Counter[str] = Counter()

    async def answer(self, key: Hashable, caching: Caching, make: Make, again: Make) -> Encoded:
        """Return an answer that holds: a kept one, or a new one that `make` makes.

        Meanwhile `again` makes one in the place of what is stale, once at a time for each key. Where `make`
        raises `UpstreamError`, a stale answer may stand in.
        """
        now = self._clock()
        kept = self._memory.find(key, now, caching.keep_for)
        age = now - kept.at if kept else 0.0
        if kept and age < caching.max_age:
            return self._told("fresh", kept, age)
        if kept and age < caching.max_age + caching.stale_while_revalidate:
            self._refresh(key, again)
            return self._told("stale", kept, age)
        try:
            encoded = await make()
        except UpstreamError as error:
            if kept is None or age >= caching.max_age + caching.stale_if_error:
                raise
            _log.warning("answering with what was kept: %s", error)
            return self._told("failed", kept, age)
        self._found["none"] += 1
        self._keep(key, encoded, now)
        return encoded

    def metrics(self) -> list[str]:
        """Return the lines: what was found, how much is kept."""
        found = [({"found": found}, float(n)) for found, n in self._found.items()]
        return [
            *family("colonnade_kept_answers_total", "counter", found),
            *family("colonnade_kept_answers_bytes", "gauge", [({}, float(self._memory.size))]),
        ]

    def _told(self, found: str, kept: "Remembered[Encoded]", age: float) -> Encoded:
        self._found[found] += 1
        return kept.value._replace(headers=[*kept.value.headers, ("age", str(int(age)))])

    def _keep(self, key: Hashable, encoded: Encoded, now: float) -> None:
        """Keep an answer, unless it may not be kept: a part of it is missing, or it is none."""
        if tag_of(encoded) is not None:
            self._memory.keep(key, encoded, len(encoded.body) + len(repr(key)) + HEADERS_BYTES, now)

    def _refresh(self, key: Hashable, again: Make) -> None:
        if key not in self._refreshing:
            self._refreshing[key] = asyncio.create_task(self._make(key, again))

    async def _make(self, key: Hashable, again: Make) -> None:
        now = self._clock()
        try:
            self._keep(key, await again(), now)
        except (UpstreamError, TimeoutError) as error:
            _log.warning("a kept answer could not be renewed: %s", error)
        except Exception:  # noqa: BLE001 - nobody waits for it: its end is told here or nowhere
            _log.exception("a kept answer could not be renewed")
        finally:
            del self._refreshing[key]
