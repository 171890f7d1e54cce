"""What answers cost: calls made and bytes read for them, and bytes sent; what budgets are held against."""

from collections.abc import Iterable

from colonnade_runtime.metrics import Labels, family


class Cost:
    """What one request has cost so far: calls that were answered, and the bytes of their answers."""

    __slots__ = ("calls", "received")

    def __init__(self) -> None:
        self.calls = 0
        self.received = 0


class Spent:
    """What the good answers of one view have cost together, and the dearest of them."""

    __slots__ = ("answers", "calls", "most_calls", "most_sent", "received", "sent")

    def __init__(self) -> None:
        self.answers = self.calls = self.most_calls = self.received = self.sent = self.most_sent = 0

    def add(self, cost: Cost, sent: int) -> None:
        """Count an answer of `sent` bytes."""
        self.answers += 1
        self.calls += cost.calls
        self.received += cost.received
        self.sent += sent
        self.most_calls = max(self.most_calls, cost.calls)
        self.most_sent = max(self.most_sent, sent)


def spent_lines(views: Iterable[tuple[Labels, Spent]]) -> list[str]:
    """Return the metrics of what views have spent."""
    known = list(views)
    lines = []
    for name, kind, slot in _FAMILIES:
        lines += family(name, kind, [(labels, getattr(spent, slot)) for labels, spent in known])
    return lines


_FAMILIES = (
    ("colonnade_view_answers_total", "counter", "answers"),
    ("colonnade_view_upstream_calls_total", "counter", "calls"),
    ("colonnade_view_upstream_calls_max", "gauge", "most_calls"),
    ("colonnade_view_received_bytes_total", "counter", "received"),
    ("colonnade_view_sent_bytes_total", "counter", "sent"),
    ("colonnade_view_sent_bytes_max", "gauge", "most_sent"),
)
