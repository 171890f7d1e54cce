"""One version of the configuration."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What became of a publish."""

    PUBLISHED = "published"
    CANARY = "canary"  # on one edge, and watched there
    WITHDRAWN = "withdrawn"  # by itself, or by order, before the other edges had it


@dataclass(frozen=True, slots=True)
class Version:
    """What is told of a version.

    `at` is in seconds since 1970; `revision` names the manifests by their content; `files` are the manifests
    that differ from the version in effect before; `note` tells how the publish went.
    """

    number: int
    at: float
    author: str
    cause: str
    revision: str
    files: tuple[str, ...]
    outcome: Outcome
    note: str = ""
