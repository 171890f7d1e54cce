"""What the process counts: rate, errors and duration of each view and call, in Prometheus' text format.

Labels are written in the code (paths, calls, services): never anything that a client sent.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the histograms' buckets, in seconds."""

Labels = Mapping[str, str]


class Series:
    """What became of the requests of one view, or of one call, and how long they took."""

    __slots__ = ("_counts", "seconds")

    def __init__(self) -> None:
        self._counts: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
        self.seconds = 0.0

    def observe(self, outcome: str, seconds: float) -> None:
        """Count one."""
        self._counts[outcome][bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds

    @property
    def outcomes(self) -> dict[str, int]:
        """How many ended so."""
        return {outcome: sum(counts) for outcome, counts in self._counts.items()}

    @property
    def buckets(self) -> list[int]:
        """How many took so long, whatever their outcome; the last one has those beyond `BOUNDS`."""
        columns = zip(*self._counts.values(), strict=True)
        return [sum(column) for column in columns] or [0] * (len(BOUNDS) + 1)


def red(name: str, outcome: str, series: Iterable[tuple[Labels, Series]]) -> list[str]:
    """Return `<name>_total` by label `outcome`, and the histogram `<name>_duration_seconds`."""
    all_of_it = list(series)
    lines = [f"# TYPE {name}_total counter"]
    for labels, one in all_of_it:
        lines += [line(f"{name}_total", {**labels, outcome: told}, n) for told, n in one.outcomes.items()]
    lines.append(f"# TYPE {name}_duration_seconds histogram")
    for labels, one in all_of_it:
        lines += _histogram(f"{name}_duration_seconds", labels, one)
    return lines


def family(name: str, kind: str, values: Iterable[tuple[Labels, float]]) -> list[str]:
    """Return a metric of `kind` (counter, gauge) with its values."""
    return [f"# TYPE {name} {kind}", *(line(name, labels, value) for labels, value in values)]


def line(name: str, labels: Labels, value: float) -> str:
    """Return one line of the format."""
    told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{told}}} {value}" if told else f"{name} {value}"


def _histogram(name: str, labels: Labels, series: Series) -> Iterable[str]:
    count = 0
    for bound, n in zip([*map(str, BOUNDS), "+Inf"], series.buckets, strict=True):
        count += n
        yield line(f"{name}_bucket", {**labels, "le": bound}, count)
    yield line(f"{name}_sum", labels, round(series.seconds, 6))
    yield line(f"{name}_count", labels, count)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
