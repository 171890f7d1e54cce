"""A publish on one edge, watched: it reaches the others unless that edge fails more often than they do."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, replace

from colonnade.errors import WorkError
from colonnade.ir.platform import Platform
from colonnade.ir.rollout import Rollout
from colonnade.local.envoy_admin import UNREACHABLE, stats
from colonnade.local.ports import Ports
from colonnade.local.stack import UNDER_WAY_S, Stack
from colonnade.local.taken_up import Reader, taken_up

LOOK_S = 0.25
STATS = r"^http\.edge\.downstream_rq_(completed|5xx)$|\.(cds|lds|rds\.edge)\.update_rejected$"


@dataclass(frozen=True, slots=True)
class Tally:
    """What edges have answered, how often with a 5xx, and how many deliveries they have refused."""

    requests: int = 0
    errors: int = 0
    refused: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Return both together."""
        return Tally(self.requests + other.requests, self.errors + other.errors, self.refused + other.refused)

    def __sub__(self, before: "Tally") -> "Tally":
        """Return what came since."""
        return Tally(
            self.requests - before.requests, self.errors - before.errors, self.refused - before.refused
        )

    @property
    def share(self) -> float:
        """The share of errors, from 0 to 1."""
        return self.errors / self.requests if self.requests else 0.0

    def __str__(self) -> str:
        """Return the figures as people read them."""
        return f"{self.errors} of {self.requests} failed ({self.share:.1%})"


class CanaryFailed(WorkError):  # noqa: N818 - an event, not a mistake
    """The edge that had the publish first did worse with it, and has back what it had."""


class Canary:
    """Tries a platform on the first edge. After `watch`, `figures` tell how it went."""

    def __init__(self, stack: Stack, bounds: Rollout, name: str) -> None:
        self.figures = ""
        self._stack = stack
        self._bounds = bounds
        self._name = name
        self._first, *self._others = stack.readers()
        self._stopped: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def stop(self, why: str) -> None:
        """End the trial: it has failed."""
        if not self._stopped.done():
            self._stopped.set_result(why)

    async def watch(self, platform: Platform, ports: Ports) -> Platform:
        """Return what the edge has where the others may have it too.

        Raises `CanaryFailed`, with the edge as it was.
        """
        stack = self._stack
        trial = _renamed(platform, self._name)
        try:
            stack.publisher.publish_policy(trial, ports, [stack.platform])
            before = await self._tallies()
            await self._deliver(trial, ports)
            await self._judge(before)
        except BaseException:
            await self._deliver(stack.platform, stack.ports)
            await asyncio.sleep(UNDER_WAY_S)
            stack.publisher.publish_policy(stack.platform, stack.ports)
            raise
        return trial

    async def _deliver(self, platform: Platform, ports: Ports) -> None:
        await self._stack.deliver(platform, ports, [self._first])
        await taken_up([self._first])

    async def _judge(self, before: tuple[Tally, Tally]) -> None:
        deadline = time.monotonic() + self._bounds.window_s
        while time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                self._fail(await asyncio.wait_for(asyncio.shield(self._stopped), LOOK_S))
            first, others = await self._tallies()
            self._look(first - before[0], others - before[1])

    def _look(self, first: Tally, others: Tally) -> None:
        enough = first.requests >= self._bounds.min_requests
        self.figures = f"{self._first.name}: {first}; the others: {others}"
        if first.refused:
            self._fail("it refused what was published")
        if first.requests < 0:
            self._fail("it was started anew meanwhile")
        if enough and first.share > others.share + self._bounds.max_errors:
            self._fail("it failed more often than the others")
        if not enough:
            self.figures += f"; too few to judge, of {self._bounds.min_requests} wanted"

    def _fail(self, why: str) -> None:
        raise CanaryFailed(f"withdrawn from {self._first.name}: {why} ({self.figures})")

    async def _tallies(self) -> tuple[Tally, Tally]:
        first, *others = await asyncio.gather(*map(_tally, (self._first, *self._others)))
        return first, sum(others, Tally())


def _renamed(platform: Platform, name: str) -> Platform:
    """The platform with routes of its own, which the policy service tells from those of other edges."""
    return replace(
        platform, routes=tuple(replace(route, id=f"{route.id}@{name}") for route in platform.routes)
    )


async def _tally(reader: Reader) -> Tally:
    try:
        told = await stats(reader.admin_port, STATS)
    except UNREACHABLE as error:
        raise CanaryFailed(f"withdrawn: {reader.name} does not answer: {error}") from error
    refused = sum(int(count) for name, count in told.items() if name.endswith("update_rejected"))
    requests, errors = (
        int(told.get(f"http.edge.downstream_rq_{name}", "0")) for name in ("completed", "5xx")
    )
    return Tally(requests, errors, refused)
