"""Counters of the policy service, in Prometheus' text format."""

from collections import Counter
from collections.abc import Callable

from colonnade_policy import PolicyDocument

BOUNDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class BatchSizes:
    """A histogram of how many questions shared a trip to the store."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)
        self._sum = 0

    def observe(self, size: int) -> None:
        """Count one trip."""
        self._sum += size
        for index, bound in enumerate(BOUNDS):
            if size <= bound:
                self._counts[index] += 1
                return
        self._counts[-1] += 1

    def lines(self) -> list[str]:
        """Return the histogram's lines."""
        name = "colonnade_store_batch_questions"
        lines, total = [f"# TYPE {name} histogram"], 0
        for bound, count in zip([*map(str, BOUNDS), "+Inf"], self._counts, strict=True):
            total += count
            lines.append(f'{name}_bucket{{le="{bound}"}} {total}')
        return [*lines, f"{name}_sum {self._sum}", f"{name}_count {total}"]


class LimitCounts:
    """What became of the requests that met one limit."""

    __slots__ = ("allowed", "delay_us", "delayed", "refused", "shadowed", "uncounted")

    def __init__(self) -> None:
        self.allowed = self.refused = self.shadowed = self.uncounted = self.delayed = self.delay_us = 0


class Metrics:
    """What the policy service counts; `others` return the lines of what counts itself."""

    def __init__(self, *others: Callable[[], list[str]]) -> None:
        self._others = others
        self.limits: dict[str, LimitCounts] = {}
        self.decisions: Counter[tuple[str, str]] = Counter()
        self.batches = BatchSizes()

    def decided(self, route: str, outcome: str) -> None:
        """Count one decision."""
        self.decisions[route, outcome] += 1

    def know(self, document: PolicyDocument) -> None:
        """Count every limit from zero on: a rate begins with the first refusal, not with the second."""
        for route in document.routes.values():
            for limit in route.limits:
                self._of(limit.name)

    def limited(self, limit: str, wait_us: int, *, shadow: bool, refused: bool) -> None:
        """Count what one limit said of a request; `refused` is what became of it."""
        counts = self._of(limit)
        if wait_us < 0:
            if shadow:
                counts.shadowed += 1
            else:
                counts.refused += 1
        elif not refused:
            counts.allowed += 1
            if wait_us and not shadow:
                counts.delayed += 1
                counts.delay_us += wait_us

    def uncounted(self, limit: str) -> None:
        """Count a request that the store could not count."""
        self._of(limit).uncounted += 1

    def _of(self, limit: str) -> LimitCounts:
        found = self.limits.get(limit)
        if found is None:
            found = self.limits[limit] = LimitCounts()
        return found

    def _limit_lines(self) -> list[str]:
        outcomes = "colonnade_limit_requests_total"
        lines = [f"# TYPE {outcomes} counter"]
        for name, counts in sorted(self.limits.items()):
            for outcome in ("allowed", "refused", "shadowed"):
                count = getattr(counts, outcome)
                lines.append(f'{outcomes}{{limit="{name}",outcome="{outcome}"}} {count}')
        for metric, read in _PER_LIMIT.items():
            lines.append(f"# TYPE {metric} counter")
            lines += [
                f'{metric}{{limit="{name}"}} {read(counts):g}' for name, counts in sorted(self.limits.items())
            ]
        return lines

    def render(self, store_errors: int, *, store_up: bool) -> bytes:
        """Return all counters as text."""
        lines = ["# TYPE colonnade_decisions_total counter"]
        lines += [
            f'colonnade_decisions_total{{route="{route}",outcome="{outcome}"}} {count}'
            for (route, outcome), count in sorted(self.decisions.items())
        ]
        lines += [
            "# TYPE colonnade_store_errors_total counter",
            f"colonnade_store_errors_total {store_errors}",
            "# TYPE colonnade_store_up gauge",
            f"colonnade_store_up {int(store_up)}",
        ]
        lines += [*self._limit_lines(), *self.batches.lines()]
        for other in self._others:
            lines += other()
        return "\n".join([*lines, ""]).encode()


_PER_LIMIT: dict[str, Callable[[LimitCounts], float]] = {
    "colonnade_limit_store_errors_total": lambda counts: counts.uncounted,
    "colonnade_limit_delayed_total": lambda counts: counts.delayed,
    "colonnade_limit_delay_seconds_total": lambda counts: counts.delay_us / 1e6,
}
