"""Measures subjects in turn, round by round, so that a machine whose speed wanders wanders for all."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from colonnade.ir.target import Address
from colonnade_bench.errors import BenchError
from colonnade_bench.load import Load, drive
from colonnade_bench.processes import cpu_seconds

_CORES = sorted(os.sched_getaffinity(0))
SUBJECT_CORES, LOAD_CORES = str(_CORES[0]), str(_CORES[-1])
"""Subjects have one processor; load and backend another, where there is one."""
ROUNDS = 3
WARM_UP_S = 1


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that is measured: where it answers, and all processes whose CPU time counts.

    `store` is where it keeps what it knows, if in a store; `credentials` is a file of headers of its own,
    `body` a file that is posted.
    """

    name: str
    url: str
    path: str
    pids: tuple[int, ...]
    store: Address | None = None
    credentials: Path | None = None
    body: Path | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One round of one subject; `cpu_us` is CPU time per request in microseconds, of all its processes."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


@dataclass(frozen=True, slots=True)
class Result:
    """A subject's medians over all rounds, and the spread of its CPU time."""

    name: str
    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    cpu_min: float
    cpu_max: float
    ratio: float


def measure(
    subjects: Sequence[Subject], asking: Path, seconds: int, tell: Callable[[str], None]
) -> list[Result]:
    """Return the results, the first subject's CPU time being 1.

    Raises `BenchError` where a subject answers with errors.
    """
    samples: dict[str, list[Sample]] = {subject.name: [] for subject in subjects}
    for number in range(ROUNDS + 1):
        for subject in subjects:
            tell(f"{'warm-up' if number == 0 else f'round {number} of {ROUNDS}'}: {subject.name}")
            found = sample(subject, subject.credentials or asking, WARM_UP_S if number == 0 else seconds)
            if number > 0:
                samples[subject.name].append(found)
    base = _median(samples[subjects[0].name], "cpu_us")
    return [_result(name, found, base) for name, found in samples.items()]


def sample(subject: Subject, asking: Path | int, seconds: int) -> Sample:
    """Return one round of a subject; `asking` is as in `drive`. Raises `BenchError` where it met errors."""
    before = cpu_seconds(subject.pids)
    load = drive(subject.url, subject.path, asking, seconds, LOAD_CORES, body=subject.body)
    spent = cpu_seconds(subject.pids) - before
    return sample_of(subject.name, load, spent)


def sample_of(name: str, load: Load, cpu_s: float) -> Sample:
    """Return the sample of a load that cost `cpu_s` seconds. Raises `BenchError` where it met errors."""
    if load.errors or not load.requests:
        raise BenchError(f"{name}: {load.errors} errors in {load.requests} requests")
    return Sample(load.requests / load.seconds, load.p50_ms, load.p99_ms, cpu_s * 1e6 / load.requests)


def _median(samples: Sequence[Sample], name: str) -> float:
    values: list[float] = [getattr(sample, name) for sample in samples]
    return median(values)


def _result(name: str, samples: Sequence[Sample], base: float) -> Result:
    cpu = [sample.cpu_us for sample in samples]
    return Result(
        name=name,
        rate=_median(samples, "rate"),
        p50_ms=_median(samples, "p50_ms"),
        p99_ms=_median(samples, "p99_ms"),
        cpu_us=median(cpu),
        cpu_min=min(cpu),
        cpu_max=max(cpu),
        ratio=median(cpu) / base,
    )
