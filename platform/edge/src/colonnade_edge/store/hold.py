"""Keeps questions from a store that is restarted on purpose: they wait, and none fails."""

import asyncio
from collections.abc import Callable

MOST_S = 1.5
"""Envoy waits two seconds for a decision; until then there has to be one, by the failure policies."""


class Hold:
    """Begins when whoever restarts the store says so, and ends when it answers again, or by itself.

    What was asked before is answered, or given up, within `settled_s`.
    """

    def __init__(self, settled_s: float) -> None:
        self._settled_s = settled_s
        self._over: asyncio.Future[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def on(self) -> bool:
        """Whether questions wait."""
        return self._over is not None

    async def begin(self) -> None:
        """Keep questions back from now on; return when none is under way that was asked before."""
        loop = asyncio.get_running_loop()
        if self._over is None:
            self._over = loop.create_future()
            self._deadline = loop.call_later(self._settled_s + MOST_S, self.end)
        await asyncio.sleep(self._settled_s)

    def end(self) -> None:
        """Let all go on that wait."""
        if self._over is not None and self._deadline is not None:
            over, self._over = self._over, None
            self._deadline.cancel()
            over.set_result(None)

    def then(self, go_on: Callable[[], None]) -> None:
        """Have `go_on` called when it ends."""
        if self._over is not None:
            self._over.add_done_callback(lambda _: go_on())

    async def over(self) -> None:
        """Return when nothing is kept back."""
        if self._over is not None:
            await asyncio.wait([self._over])
