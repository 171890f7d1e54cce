"""What is measured, as data: a subject, and the programs that it consists of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from colonnade.errors import WorkError


class UnavailableError(WorkError):
    """A peer that this machine cannot run; the others are measured without it."""


@dataclass(frozen=True, slots=True)
class Program:
    """One process: it is ready when it listens on `port` of the loopback address."""

    argv: tuple[str, ...]
    port: int
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is compared: all of its programs count.

    `check` raises `WorkError` unless the subject does the work of all others; it runs once all
    programs listen. `headers` come with every request of the load.
    """

    name: str
    work: str
    version: str
    programs: tuple[Program, ...]
    url: str
    check: Callable[[str], None]
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Missing:
    """A peer that is not measured, and why."""

    name: str
    reason: str
