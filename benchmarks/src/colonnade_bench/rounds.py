"""Measures subjects in turn, round after round, so that what the machine does meanwhile meets all of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from colonnade.errors import WorkError
from colonnade_bench.cpu import cpu_seconds
from colonnade_bench.process import running
from colonnade_bench.subject import Subject
from colonnade_bench.wrk import Load

WARM_UP_S = 1.0
"""Before every measurement: caches, connections and branch predictors have served others meanwhile."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement. Latencies are in milliseconds, `cpu_us` in microseconds a request."""

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to measure: rounds, seconds of each measurement, and of the first warm-up of a subject."""

    rounds: int
    seconds: float
    first_warm_up_s: float


Samples = Mapping[str, Sequence[Sample]]
Told = Callable[[str], None]


def measure(subjects: Sequence[Subject], plan: Plan, load: Load, folder: Path, tell: Told) -> Samples:
    """Start all subjects, check that they do the same work, and return their samples by name.

    Raises `WorkError`, with the subject's name, where one does not do its work.
    """
    with ExitStack() as stack:
        roots = {subject.name: _start(subject, load, folder, stack) for subject in subjects}
        for subject in subjects:
            tell(f"checking and warming up {subject.name}")
            with named(subject):
                subject.check(subject.url)
                load.run(subject.url, plan.first_warm_up_s, subject.headers)
        samples: dict[str, list[Sample]] = {subject.name: [] for subject in subjects}
        for number in range(1, plan.rounds + 1):
            for subject in subjects:
                tell(f"round {number} of {plan.rounds}: {subject.name}")
                with named(subject):
                    samples[subject.name].append(_sample(subject, roots[subject.name], plan, load))
        return samples


def _start(subject: Subject, load: Load, folder: Path, stack: ExitStack) -> list[int]:
    """Start the subject's programs in order; return their process ids."""
    with named(subject):
        return [stack.enter_context(running(one, load.cores, folder)) for one in subject.programs]


@contextmanager
def named(subject: Subject) -> Iterator[None]:
    """Put the subject's name before an error."""
    try:
        yield
    except WorkError as error:
        raise WorkError(f"{subject.name}: {error.message}", error.hint) from error


def _sample(subject: Subject, roots: Sequence[int], plan: Plan, load: Load) -> Sample:
    load.run(subject.url, WARM_UP_S, subject.headers)
    before = cpu_seconds(roots)
    figures = load.run(subject.url, plan.seconds, subject.headers)
    used = cpu_seconds(roots) - before
    return Sample(
        requests_per_s=figures.requests / figures.duration_us * 1e6,
        p50_ms=figures.p50_us / 1e3,
        p99_ms=figures.p99_us / 1e3,
        cpu_us=used / figures.requests * 1e6,
    )
