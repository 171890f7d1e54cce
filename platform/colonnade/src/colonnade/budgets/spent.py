"""What a BFF's metrics say of its views."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_LINE = re.compile(r"^(colonnade_\w+)\{(.*)\} (\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
DURATION = "colonnade_requests_duration_seconds_bucket"
PREFIX = "colonnade_view_"
P95 = 0.95


@dataclass
class Spent:
    """What the good answers of one view have cost; `buckets` count all requests by duration in seconds."""

    numbers: dict[str, float] = field(default_factory=dict)
    buckets: list[tuple[float, float]] = field(default_factory=list)

    @property
    def answers(self) -> int:
        """How many good answers were counted."""
        return int(self.numbers.get("answers_total", 0))

    def mean(self, name: str) -> float:
        """Return the mean of a total, for each answer."""
        return self.numbers.get(f"{name}_total", 0) / max(1, self.answers)

    def most(self, name: str) -> int:
        """Return the most of any answer."""
        return int(self.numbers.get(f"{name}_max", 0))

    @property
    def p95_s(self) -> float:
        """The 95th percentile of the durations, interpolated within its bucket as Prometheus does.

        Where it lies beyond the last bound, it is infinite.
        """
        wanted = P95 * self.buckets[-1][1] if self.buckets else 0
        low, below = 0.0, 0.0
        for bound, count in self.buckets:
            if count >= wanted and count > below:
                return low + (bound - low) * (wanted - below) / (count - below)
            low, below = bound, count
        return 0.0


def read_spent(metrics: str) -> dict[str, Spent]:
    """Return what each view, such as `GET /home`, has spent, from a process's metrics."""
    found: dict[str, Spent] = {}
    for name, labels, value in _lines(metrics):
        view = f"{labels.get('method', '')} {labels.get('view', '')}"
        if name.startswith(PREFIX):
            found.setdefault(view, Spent()).numbers[name.removeprefix(PREFIX)] = value
        elif name == DURATION and labels.get("view"):
            found.setdefault(view, Spent()).buckets.append((float(labels["le"]), value))
    return {view: spent for view, spent in found.items() if spent.answers}


def _lines(metrics: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for line in metrics.splitlines():
        match = _LINE.match(line)
        if match:
            yield match[1], dict(_LABEL.findall(match[2])), float(match[3])
