"""What the console counts: requests by operation and status, never by what is in them."""

from collections import Counter

from fastapi import Request, Response


class Counts:
    """Requests since the process started."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, int]] = Counter()

    def count(self, request: Request, response: Response) -> None:
        """Count a request; of those that no operation answers, all are one."""
        operation = getattr(request.scope.get("endpoint"), "__name__", "")
        self._requests[operation, response.status_code] += 1

    def render(self) -> str:
        """Return the counts in Prometheus' text format."""
        name = "colonnade_console_requests_total"
        lines = [f"# TYPE {name} counter"]
        lines += [
            f'{name}{{operation="{operation}",status="{status}"}} {count}'
            for (operation, status), count in sorted(self._requests.items())
        ]
        return "\n".join([*lines, ""])
