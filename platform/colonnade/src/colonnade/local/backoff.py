"""How long to wait before a process that ended is started again."""

from collections.abc import Sequence
from itertools import takewhile

STABLE_S = 10.0
"""A life of so many healthy seconds forgives the ends before it."""

FIRST_S = 0.2
MOST_S = 10.0


def restart_delay(lives: Sequence[float], chance: float) -> float:
    """Return the seconds to wait, from the healthy seconds of each life so far, the last one last.

    The first end is followed at once; each further one in a row doubles the wait. `chance`, from 0
    to 1, spreads it between half and one and a half, so that processes don't restart in step.
    """
    in_a_row = len(list(takewhile(lambda life: life < STABLE_S, reversed(lives))))
    if in_a_row <= 1:
        return 0.0
    return float(min(MOST_S, FIRST_S * 2 ** min(in_a_row - 2, 10))) * (0.5 + chance)
