"""What a benchmark found, as data: medians with their range, and ratios to the reference."""

from collections.abc import Callable, Sequence
from statistics import median

import msgspec

from colonnade_bench.rounds import Sample, Samples
from colonnade_bench.subject import Missing, Subject


class Spread(msgspec.Struct, frozen=True):
    """The median over the rounds, and the range of all of them."""

    median: float
    min: float
    max: float


class Row(msgspec.Struct, frozen=True):
    """One subject. Latencies are in milliseconds, `cpu_us` in microseconds a request.

    `ratio` is its CPU time per request to the reference's, `rate_ratio` its requests per second.
    """

    name: str
    work: str
    version: str
    requests_per_s: Spread
    p50_ms: Spread
    p99_ms: Spread
    cpu_us: Spread
    ratio: float
    rate_ratio: float


class Unmeasured(msgspec.Struct, frozen=True):
    """A peer that was not measured, and why."""

    name: str
    reason: str


class Result(msgspec.Struct, frozen=True):
    """One run. `reference` is the subject whose ratio is 1; `pinned` says that it had a core of its own."""

    benchmark: str
    at: str
    machine: str
    pinned: bool
    rounds: int
    seconds: float
    connections: int
    reference: str
    subjects: tuple[Row, ...]
    not_available: tuple[Unmeasured, ...]


def rows(subjects: Sequence[Subject], samples: Samples, reference: str) -> tuple[Row, ...]:
    """Return a row for each subject."""
    base = samples[reference]
    return tuple(_row(subject, samples[subject.name], base) for subject in subjects)


def unmeasured(missing: Sequence[Missing]) -> tuple[Unmeasured, ...]:
    """Return what was not measured."""
    return tuple(Unmeasured(one.name, one.reason) for one in missing)


def _row(subject: Subject, samples: Sequence[Sample], base: Sequence[Sample]) -> Row:
    rate, cpu = _spread(samples, _rate), _spread(samples, _cpu)
    return Row(
        name=subject.name,
        work=subject.work,
        version=subject.version,
        requests_per_s=rate,
        p50_ms=_spread(samples, lambda sample: sample.p50_ms),
        p99_ms=_spread(samples, lambda sample: sample.p99_ms),
        cpu_us=cpu,
        ratio=_ratio(samples, base, _cpu),
        rate_ratio=_ratio(samples, base, _rate),
    )


def _rate(sample: Sample) -> float:
    return sample.requests_per_s


def _cpu(sample: Sample) -> float:
    return sample.cpu_us


def _spread(samples: Sequence[Sample], value: Callable[[Sample], float]) -> Spread:
    values = [value(sample) for sample in samples]
    return Spread(median(values), min(values), max(values))


def _ratio(samples: Sequence[Sample], base: Sequence[Sample], value: Callable[[Sample], float]) -> float:
    """The median of the rounds' ratios: both of a ratio's measurements were made in the same minute."""
    return median(value(one) / value(other) for one, other in zip(samples, base, strict=True))
