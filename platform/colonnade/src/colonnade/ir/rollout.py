"""How a publish reaches several edges."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rollout:
    """One edge first, watched for so many seconds; `max_errors` is a share from 0 to 1."""

    window_s: float
    min_requests: int
    max_errors: float
