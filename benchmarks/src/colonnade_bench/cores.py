"""Divides the machine: one core for the subject, others for the load and the backend."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cores:
    """The cores of the subject, and those of everything around it; None where there is only one in all."""

    subject: int | None
    load: tuple[int, ...] = ()

    def pinned(self, argv: tuple[str, ...], *, load: bool = False) -> tuple[str, ...]:
        """Return the command that runs `argv` on its cores, and that dies with us, however we die."""
        guarded = ("setpriv", "--pdeathsig", "KILL", "--", *argv)
        if self.subject is None:
            return guarded
        cores = self.load if load else (self.subject,)
        return ("taskset", "--cpu-list", ",".join(map(str, cores)), *guarded)


def divide(available: frozenset[int] | None = None) -> Cores:
    """Return how the cores that this process may use are divided."""
    cores = sorted(available if available is not None else os.sched_getaffinity(0))
    return Cores(cores[0], tuple(cores[1:])) if len(cores) > 1 else Cores(None)
