"""Limits as an operator sees them: how they stand for somebody, and who asks most."""

import struct
import time
from collections import Counter
from datetime import UTC, datetime
from typing import cast

from redis.asyncio import Redis

from colonnade_edge.authn.identity import Identity
from colonnade_edge.call import Call
from colonnade_edge.console.models import HeavyUser, HeavyUserList, LimitQuestion, LimitState, LimitStates
from colonnade_edge.errors import NotFound
from colonnade_edge.limits.heavy import ASKED, MINUTE_S, PREFIX, REFUSED, key_of
from colonnade_edge.policy.plan import Plan
from colonnade_edge.sessions import answering
from colonnade_policy.counted import CLIENT_IP
from colonnade_policy.limits import SCRIPT, Outcome
from colonnade_policy.limits.rule import SECOND_US

NOTHING = struct.pack("<d", 0)
"""A cost of nothing: the script tells how the limits stand, and takes from none."""
SCAN_BATCH = 1000


class Limits:
    """The limits in the store."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(SCRIPT)

    async def states(self, plan: Plan | None, asked: LimitQuestion) -> LimitStates:
        """Return how the limits stand that a request would meet; raise `NotFound` for an unknown route."""
        route = plan.routes.get(asked.route) if plan is not None else None
        if route is None:
            raise NotFound(f"there is no route {asked.route}")
        if route.limits is None or route.limits.policy != "store":
            return LimitStates(items=())
        call = _call(asked)
        selection = route.limits.select(call)
        if not selection.limits:
            return LimitStates(items=())
        keys = [limit.key_of(call) for limit in selection.limits]
        async with answering():
            found = await self._script(keys=keys, args=[NOTHING + selection.packed])
        outcomes = [Outcome(*found[at : at + 3]) for at in range(0, len(found), 3)]
        return LimitStates(
            items=tuple(
                LimitState(
                    limit=limit.name,
                    quota=limit.rule.quota,
                    remaining=outcome.remaining,
                    reset_s=outcome.reset_us / SECOND_US,
                )
                for limit, outcome in zip(selection.limits, outcomes, strict=True)
            )
        )

    async def top(self) -> HeavyUserList:
        """Return who asked most in this minute and the one before."""
        minute = int(time.time()) // MINUTE_S
        asked: Counter[tuple[str, str]] = Counter()
        refused: Counter[tuple[str, str]] = Counter()
        async with answering():
            for at in (minute - 1, minute):
                for limit in await self._limits(at):
                    for found, what in ((asked, ASKED), (refused, REFUSED)):
                        found.update(await self._users(limit, what, at))
        users = tuple(
            HeavyUser(limit=who[0], consumer=who[1], asked=count, refused=refused[who])
            for who, count in asked.most_common()
        )
        return HeavyUserList(since=datetime.fromtimestamp((minute - 1) * MINUTE_S, UTC), items=users)

    async def _users(self, limit: str, what: str, minute: int) -> dict[tuple[str, str], int]:
        pairs = await self._redis.zrevrange(key_of(limit, what, minute), 0, -1, withscores=True)
        found = cast("list[tuple[bytes, float]]", pairs)
        return {(limit, name.decode()): round(count) for name, count in found}

    async def _limits(self, minute: int) -> list[str]:
        """The names of the limits that met anybody in a minute."""
        ending = f":{ASKED}:{minute}"
        keys = self._redis.scan_iter(match=f"{PREFIX}*{ending}", count=SCAN_BATCH)
        return sorted([key.decode().removeprefix(PREFIX).removesuffix(ending) async for key in keys])


def _call(asked: LimitQuestion) -> Call:
    call = Call(asked.route, "GET", asked.path, {**asked.headers, CLIENT_IP: asked.ip})
    call.identity = Identity(asked.consumer, asked.credential, frozenset(), [], frozenset(asked.groups))
    return call
