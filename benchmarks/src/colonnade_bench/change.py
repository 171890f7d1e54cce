"""`bench change`: what requests notice while the configuration, and every process, is replaced under them."""

import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from colonnade_bench.closed_loop import Ask, asking
from colonnade_bench.shop import Shop, shop

CALLERS = 4
PAUSE_S = 0.01
"""Bounded load: what is measured is loss, not how fast a busy machine is."""

QUIET_S = 3.0
SERVER_ERROR = 500
SHOWN = 3
STOPPED = ("mobile-2", "order-2")
"""Instances that are asked to end, and serve what was sent to them."""
KILLED = (*STOPPED, "policy-2", "envoy-2")
"""An instance of each part that has several."""


@dataclass(frozen=True, slots=True)
class Phase:
    """What was done, and what came of the requests meanwhile.

    `cut` connections ended without an answer, and their requests were sent again; `lost` had no answer then
    either; `failed` were answered with a 5xx. `refused` were answered with another status than 200.
    """

    name: str
    times: int
    seconds: float
    requests: int
    cut: int
    lost: int
    failed: int
    refused: int
    why: tuple[str, ...]


def bench_change(publishes: int, tell: Callable[[str], None]) -> list[Phase]:
    """Return the phases: nothing, publishes, a restart of every process, the end of replicated ones."""
    with tempfile.TemporaryDirectory(prefix="colonnade-bench-") as name:
        tell("starting a platform")
        with shop(Path(name)) as made:
            asks = made.asks()
            return [_phase(made, asks, step, tell) for step in _steps(made, publishes)]


@dataclass(frozen=True, slots=True)
class _Step:
    name: str
    times: int
    do: Callable[[], object]


def _steps(made: Shop, publishes: int) -> list[_Step]:
    return [
        _Step("nothing", 1, lambda: time.sleep(QUIET_S)),
        _Step("publish", publishes, made.publish),
        _Step("restart of every process", 1, lambda: made.bff("restart", "--all")),
        *(_Step(f"stop of {name}", 1, partial(made.end, name, signal.SIGTERM)) for name in STOPPED),
        *(_Step(f"death of {name}", 1, partial(made.end, name, signal.SIGKILL)) for name in KILLED),
    ]


def _phase(made: Shop, asks: Sequence[Ask], step: _Step, tell: Callable[[str], None]) -> Phase:
    tell(f"{step.name}, {step.times} times")
    with asking(made.state["edge"], asks, CALLERS, PAUSE_S, again=True) as heard:
        began = time.monotonic()
        for _ in range(step.times):
            made.keep_token()
            step.do()
        seconds = time.monotonic() - began
    bad = heard.other_than(200)
    failed = sum(count for (_, status), count in bad.items() if status >= SERVER_ERROR)
    return Phase(
        name=step.name,
        times=step.times,
        seconds=round(seconds, 2),
        requests=heard.requests,
        cut=len(heard.cut),
        lost=len(heard.lost),
        failed=failed,
        refused=sum(bad.values()) - failed,
        why=(*(f"{status} {path}: {count}" for (path, status), count in bad.items()), *heard.cut[:SHOWN]),
    )
