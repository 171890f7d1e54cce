"""What somebody else said of a credential, kept for a short time, and asked for once at a time.

Credentials are known by a digest. Good and bad verdicts are kept apart, so that no flood of invented
credentials displaces those of the consumers that are really there.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from colonnade_edge.authn.guesses import Guesser, Guesses
from colonnade_edge.authn.identity import Identity
from colonnade_edge.errors import Unavailable

KEPT = 8192
"""Verdicts of each kind; about 16 MB when full of good ones."""
AT_ONCE = 16
"""Questions that the provider works on at a time."""
WAITING = 256
"""Questions that may be open; one more is refused at once instead of being answered too late."""
WITHIN_S = 1.5
"""For an answer, waiting included: Envoy gives up on the whole decision after two seconds."""
REST_S = 0.25
"""After a question that was not answered, none is put for this long: nothing piles up."""


class Verdict(msgspec.Struct, frozen=True):
    """Whom a credential identifies, or the `reason` why it is refused; good for `keep_s` seconds."""

    identity: Identity | None
    keep_s: float
    reason: str = ""


Ask = Callable[[], Awaitable[Verdict]]


class Verdicts:
    """The verdicts of one judge. `clock` gives seconds and never goes back."""

    def __init__(
        self, guesses: Guesses, clock: Callable[[], float] = time.monotonic, kept: int = KEPT
    ) -> None:
        self._guesses = guesses
        self._clock = clock
        self._good, self._bad = _Shelf(kept), _Shelf(kept)
        self._open: dict[str, asyncio.Task[Verdict]] = {}
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._rests_until = 0.0

    async def of(self, digest: str, question: Ask, guessers: Sequence[Guesser]) -> Verdict:
        """Return the verdict that still holds, or the answer to `question`.

        That is put once, however many ask for it meanwhile, and it is held against `guessers` where it turns
        out bad. Raises `LimitExceeded` where they have no guess left, what the question raises, and
        `Unavailable` where no answer comes in time.
        """
        now = self._clock()
        known = self._good.fresh(digest, now) or self._bad.fresh(digest, now)
        if known is not None:
            return known
        # What was good before is no guess, so nobody else's guesses lock its owner out.
        if digest not in self._good:
            self._guesses.allow(guessers)
        verdict = await self._ask(digest, question)
        if verdict.identity is None:
            self._guesses.wrong(guessers)
        return verdict

    async def _ask(self, digest: str, question: Ask) -> Verdict:
        task = self._open.get(digest)
        if task is None:
            if len(self._open) >= WAITING:
                raise Unavailable("too many credentials are being looked up")
            task = asyncio.create_task(self._answer(digest, question))
            self._open[digest] = task
            task.add_done_callback(lambda done: self._close(digest, done))
        # Whoever asked first may hang up: the others still wait.
        return await asyncio.shield(task)

    async def _answer(self, digest: str, question: Ask) -> Verdict:
        try:
            async with asyncio.timeout(WITHIN_S), self._turn:
                if self._clock() < self._rests_until:
                    raise Unavailable("the identity provider did not answer just now")
                verdict = await self._put(question)
        except TimeoutError as error:
            raise Unavailable("the identity provider did not answer in time") from error
        ends = self._clock() + verdict.keep_s
        keep, drop = (self._good, self._bad) if verdict.identity is not None else (self._bad, self._good)
        keep.put(digest, verdict, ends)
        drop.discard(digest)
        return verdict

    async def _put(self, question: Ask) -> Verdict:
        try:
            return await question()
        except (Unavailable, asyncio.CancelledError):
            # Before our turn goes to the next.
            self._rests_until = self._clock() + REST_S
            raise

    def _close(self, digest: str, task: asyncio.Task[Verdict]) -> None:
        del self._open[digest]
        if not task.cancelled():
            task.exception()  # asked for, so that it is not logged where everybody has hung up


class _Shelf:
    """Verdicts by digest; the least recently used is dropped first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[str, tuple[Verdict, float]] = OrderedDict()

    def __contains__(self, digest: str) -> bool:
        return digest in self._kept

    def fresh(self, digest: str, now: float) -> Verdict | None:
        found = self._kept.get(digest)
        if found is None or found[1] <= now:
            return None
        self._kept.move_to_end(digest)
        return found[0]

    def put(self, digest: str, verdict: Verdict, ends: float) -> None:
        self._kept[digest] = (verdict, ends)
        self._kept.move_to_end(digest)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def discard(self, digest: str) -> None:
        self._kept.pop(digest, None)
