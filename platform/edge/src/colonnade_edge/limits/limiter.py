"""Asks whoever counts a request's limits, and makes of the outcomes what the client is told."""

import asyncio
import time
from collections.abc import Sequence

from colonnade_edge.answer import Headers
from colonnade_edge.call import Call
from colonnade_edge.errors import StoreUnavailable, Unavailable
from colonnade_edge.limits.edges import LiveEdges
from colonnade_edge.limits.headers import exceeded, limit_headers
from colonnade_edge.limits.heavy import HeavyUsers
from colonnade_edge.metrics import Metrics
from colonnade_edge.store.tick import Tick, Ticker
from colonnade_policy.limits import Ask, MemoryLimiter, Outcome
from colonnade_policy.limits.rule import SECOND_US
from colonnade_policy.selection import CountedLimit, LimitSet, Selection


class Question(tuple[Selection, list[str], int]):
    """What was asked of the store in a tick: the limits, their keys, and where the answer begins."""

    __slots__ = ()


class Limiter:
    """Counts requests: in the store for all edges, or in this process."""

    def __init__(self, ticker: Ticker, edges: LiveEdges, metrics: Metrics, heavy: HeavyUsers) -> None:
        self._ticker = ticker
        self._edges = edges
        self._metrics = metrics
        self._heavy = heavy
        self._memory = MemoryLimiter()

    async def apply(self, limits: LimitSet, call: Call) -> Headers:
        """Return the headers of a request that may pass, once it is its turn.

        Raises `LimitExceeded`, and `Unavailable` where a limit must not be passed uncounted.
        """
        selection = limits.select(call)
        if not selection.limits:
            return []
        keys = [limit.key_of(call) for limit in selection.limits]
        if limits.policy != "store":
            share = self._edges.count if limits.policy == "cluster" else 1
            return await self._judge(selection, keys, call, self._count(selection.limits, keys, call, share))
        try:
            tick = self._ticker.tick()
            at = tick.take(keys, call.cost, selection.packed)
            await tick.answered
        except StoreUnavailable:
            return await self._without_store(selection, keys, call)
        return await self._judge(selection, keys, call, tick.outcomes(at, len(keys)))

    def ask_early(self, limits: LimitSet, call: Call, tick: Tick) -> Question | None:
        """Put the question on a trip that is made anyway; None where the store is not asked."""
        if limits.policy != "store":
            return None
        selection = limits.select(call)
        keys = [limit.key_of(call) for limit in selection.limits]
        at = tick.take(keys, call.cost, selection.packed) if keys else 0
        return Question((selection, keys, at))

    async def answer_early(self, question: Question, call: Call, tick: Tick) -> Headers:
        """Return what `apply` returns, and raise what it raises."""
        selection, keys, at = question
        return await self._judge(selection, keys, call, tick.outcomes(at, len(keys))) if keys else []

    async def _judge(
        self, selection: Selection, keys: Sequence[str], call: Call, outcomes: Sequence[Outcome]
    ) -> Headers:
        pairs = list(zip(selection.limits, outcomes, strict=True))
        refused, delay_us = False, 0
        for limit, outcome in pairs:
            if not limit.shadow:
                refused = refused or outcome.wait_us < 0
                delay_us = max(delay_us, outcome.wait_us)
        for key, (limit, outcome) in zip(keys, pairs, strict=True):
            self._metrics.limited(limit.name, outcome.wait_us, shadow=limit.shadow, refused=refused)
            self._heavy.count(key, limit, call, refused=refused)
        if refused:
            raise exceeded(pairs, selection.policy_field)
        if delay_us:
            await asyncio.sleep(delay_us / SECOND_US)
        return limit_headers(pairs, selection.policy_field)

    def _count(
        self, limits: Sequence[CountedLimit], keys: Sequence[str], call: Call, share: int
    ) -> list[Outcome]:
        """Count in this process: it has one of `share` equal parts, so all costs that much more."""
        asks = [Ask(key, limit.rule, limit.shadow) for key, limit in zip(keys, limits, strict=True)]
        outcomes = self._memory.decide(asks, call.cost * share, time.monotonic_ns() // 1000)
        if share == 1:
            return outcomes
        return [outcome._replace(remaining=outcome.remaining // share) for outcome in outcomes]

    async def _without_store(self, selection: Selection, keys: Sequence[str], call: Call) -> Headers:
        """Decide by what each limit says about a store that is away."""
        for limit in selection.limits:
            self._metrics.uncounted(limit.name)
        if any(limit.on_store_failure == "deny" and not limit.shadow for limit in selection.limits):
            raise Unavailable("the store that counts this route's limits does not answer")
        counted = [
            (key, limit)
            for key, limit in zip(keys, selection.limits, strict=True)
            if limit.on_store_failure == "local"
        ]
        if not counted:
            return [("ratelimit-policy", selection.policy_field)] if selection.policy_field else []
        local = Selection(tuple(limit for _, limit in counted), b"", selection.policy_field)
        local_keys = [key for key, _ in counted]
        return await self._judge(local, local_keys, call, self._count(local.limits, local_keys, call, 1))
