"""When a route's BFF is left alone."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Breaker:
    """A circuit breaker: how many failures open it, how many successes close it. Pauses are in seconds.

    Besides what the edge sees itself, answers with a status in `unhealthy` are failures. Those in `healthy`
    are successes; None: all others are.
    """

    failures: int = 3
    successes: int = 2
    first_pause_s: float = 2.0
    max_pause_s: float = 300.0
    unhealthy: tuple[int, ...] = ()
    healthy: tuple[int, ...] | None = None
