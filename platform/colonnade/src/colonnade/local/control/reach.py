"""Where the socket is, for paths longer than a socket's may be."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MOST = 100
"""The path of a socket has 108 bytes on Linux, and 104 elsewhere."""


@contextmanager
def reachable(file: Path) -> Iterator[str]:
    """Yield a path of `file` that a socket can be bound or connected to, for as long as that takes."""
    if len(os.fsencode(file)) <= MOST:
        yield str(file)
        return
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{file.name}"
    finally:
        os.close(folder)
