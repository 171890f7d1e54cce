"""How an edge notices that an instance is ill, how it is used again, and how much may be under way."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ejection:
    """After so many `failures` in a row an instance is left out; at most `most` percent of them are."""

    failures: int = 3
    pause_s: float = 5.0
    most: float = 50.0


@dataclass(frozen=True, slots=True)
class Health:
    """The active check of each instance, in seconds and questions in a row, and what else takes one out."""

    path: str = "/healthz"
    interval_s: float = 1.0
    timeout_s: float = 2.0
    unhealthy: int = 2
    healthy: int = 1
    slow_start_s: float = 10.0
    ejection: Ejection = Ejection()


@dataclass(frozen=True, slots=True)
class Bounds:
    """Connections to a BFF, requests that wait for one, and further tries in percent of all."""

    connections: int = 1024
    pending: int = 256
    retries: float = 20.0
