"""Counters of the policy service, in Prometheus' text format."""

from collections import Counter

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


class Metrics:
    """What the policy service counts."""

    def __init__(self) -> None:
        self.decisions: Counter[tuple[str, str]] = Counter()
        self.batches = BatchSizes()

    def decided(self, route: str, outcome: str) -> None:
        """Count one decision."""
        self.decisions[route, outcome] += 1

    def render(self, store_errors: int) -> bytes:
        """Return all counters as text."""
        lines = ["# TYPE colonnade_decisions_total counter"]
        lines += [
            f'colonnade_decisions_total{{route="{route}",outcome="{outcome}"}} {count}'
            for (route, outcome), count in sorted(self.decisions.items())
        ]
        lines += [
            "# TYPE colonnade_store_errors_total counter",
            f"colonnade_store_errors_total {store_errors}",
        ]
        return "\n".join([*lines, *self.batches.lines(), ""]).encode()
