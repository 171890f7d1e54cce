"""`bench latency`: what the edge adds to an answer's time while it keeps its processor busy for 70 %.

That is less than 70 % of the requests it can bear: an edge that is not driven to its limit wakes up for each
of them.
"""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from colonnade.ir.target import Address
from colonnade_bench import ours, peers
from colonnade_bench.canned import Answer, backend
from colonnade_bench.edge import BODY, issuer_of, verify
from colonnade_bench.errors import BenchError
from colonnade_bench.load import Load, drive
from colonnade_bench.measure import LOAD_CORES, ROUNDS, Subject, sample
from colonnade_bench.processes import cpu_seconds

BUSY = 0.7


@dataclass(frozen=True, slots=True)
class Latency:
    """Times in ms at `rate` requests/s, which keep a processor `busy`; `direct`: with nothing in between."""

    name: str
    rate: float
    busy: float
    p50_ms: float
    p99_ms: float
    direct_p50_ms: float
    direct_p99_ms: float

    @property
    def added_p99_ms(self) -> float:
        """What the subject adds."""
        return self.p99_ms - self.direct_p99_ms


def bench_latency(seconds: int, tell: Callable[[str], None]) -> list[Latency]:
    """Return what each subject adds with its processor busy for 70 %."""
    with tempfile.TemporaryDirectory(prefix="colonnade-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        served = stack.enter_context(backend(folder, "backend", [Answer("/", BODY)]))
        signed, issuer = issuer_of(folder, stack)
        subjects = [
            stack.enter_context(start)
            for start in (
                peers.envoy(folder, served),
                ours.native(folder, served, issuer),
                ours.store(folder, served, issuer),
            )
        ]
        verify(subjects, signed)
        return [_measured(subject, served, signed.file, seconds, tell) for subject in subjects]


def _measured(
    subject: Subject, served: Address, tokens: Path, seconds: int, tell: Callable[[str], None]
) -> Latency:
    rate = _rate_of(subject, tokens, seconds, tell)
    direct, through, busy = [], [], []
    for number in range(ROUNDS):
        tell(f"round {number + 1} of {ROUNDS}: {subject.name} at {rate:.0f}/s")
        direct.append(_times(served, tokens, rate, seconds))
        before = cpu_seconds(subject.pids)
        through.append(_times(subject, tokens, rate, seconds))
        busy.append((cpu_seconds(subject.pids) - before) / through[-1].seconds)
    return Latency(
        name=subject.name,
        rate=median(load.requests / load.seconds for load in through),
        busy=median(busy),
        p50_ms=median(load.p50_ms for load in through),
        p99_ms=median(load.p99_ms for load in through),
        direct_p50_ms=median(load.p50_ms for load in direct),
        direct_p99_ms=median(load.p99_ms for load in direct),
    )


def _rate_of(subject: Subject, tokens: Path, seconds: int, tell: Callable[[str], None]) -> float:
    """The rate that keeps the processor busy for `BUSY`, found from that of half of what it can bear."""
    tell(f"what {subject.name} can bear")
    sample(subject, tokens, 1)
    half = sample(subject, tokens, seconds).rate / 2
    before = cpu_seconds(subject.pids)
    load = _times(subject, tokens, half, seconds)
    busy = (cpu_seconds(subject.pids) - before) / load.seconds
    return load.requests / load.seconds * BUSY / busy


def _times(address: Subject | Address, tokens: Path, rate: float, seconds: int) -> Load:
    load = drive(address.url, ours.PATH, tokens, seconds, LOAD_CORES, rate)
    if load.errors or not load.requests:
        raise BenchError(f"{address.url}: {load.errors} errors in {load.requests} requests")
    return load
