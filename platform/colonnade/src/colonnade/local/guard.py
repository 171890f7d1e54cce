"""The guard: ends every process of a stack whose runner is gone, even by `kill -9`.

It runs alone, on the standard library: `python -I -S guard.py`. The runner writes `+GROUP` for each
process group that it starts and `-GROUP` for each that ended; when the pipe closes, the runner is
gone, and the groups that are left are ended: first asked to, then killed.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable

GRACE_S = 2.0


def follow(lines: Iterable[str]) -> set[int]:
    """Return the groups that still run after the last line."""
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    return groups


def end(groups: set[int]) -> None:
    """Ask the process groups to end, and kill what does not within the grace."""
    deadline = time.monotonic() + GRACE_S
    left = {group for group in groups if signal_group(group, signal.SIGTERM)}
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = {group for group in left if signal_group(group, 0)}
    for group in groups:
        signal_group(group, signal.SIGKILL)


def signal_group(group: int, number: int) -> bool:
    """Send a signal to a process group; return whether there was anyone to get it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
        return True
    return False


def main() -> None:
    """Follow standard input to its end, then end what is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end(follow(sys.stdin))


if __name__ == "__main__":
    main()
