"""What the views did: requests, statuses and durations of each, and which parts were missing."""

from collections import Counter

from colonnade_runtime.app import Route
from colonnade_runtime.cost import Cost, Spent, spent_lines
from colonnade_runtime.metrics import Labels, Series, family, red

NOWHERE: Labels = {"method": "", "view": ""}
"""Requests that no view answers, all together: their paths are the clients' words."""


class Views:
    """Counts for as long as the process lives."""

    def __init__(self) -> None:
        self._series: dict[Route | None, Series] = {}
        self._degraded: Counter[tuple[Route | None, str]] = Counter()
        self.spent: dict[Route, Spent] = {}

    def count(self, route: Route | None, status: str, seconds: float, degraded: list[str]) -> None:
        """Count a request."""
        series = self._series.get(route)
        if series is None:
            series = self._series[route] = Series()
        series.observe(status, seconds)
        for part in degraded:
            self._degraded[route, part] += 1

    def spend(self, route: Route, cost: Cost, sent: int) -> None:
        """Count what a good answer of `sent` bytes has cost."""
        spent = self.spent.get(route)
        if spent is None:
            spent = self.spent[route] = Spent()
        spent.add(cost, sent)

    def metrics(self) -> list[str]:
        """Return the lines of all views."""
        views = [(_labels(route), series) for route, series in self._series.items()]
        degraded = [({**_labels(route), "part": part}, n) for (route, part), n in self._degraded.items()]
        return [
            *red("colonnade_requests", "status", views),
            *family("colonnade_requests_degraded_total", "counter", degraded),
            *spent_lines((_labels(route), spent) for route, spent in self.spent.items()),
        ]


def _labels(route: Route | None) -> Labels:
    return NOWHERE if route is None else {"method": route.method, "view": route.path}
