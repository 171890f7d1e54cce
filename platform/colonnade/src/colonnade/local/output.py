"""What the processes say: into a log file each, and onto the console with the name in front."""

import contextlib
import sys
from collections.abc import Callable
from typing import BinaryIO

from colonnade.local.layout import Layout

MOST_BYTES = 5 * 1024 * 1024
"""A log file that grows beyond this becomes `<name>.log.1`, replacing the one before."""

RUNNER = "colonnade"

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
"""ANSI colours, cyan first; none is red, which is for trouble."""


class LogFile:
    """One log file of bounded size."""

    def __init__(self, layout: Layout, name: str, most: int = MOST_BYTES) -> None:
        self._path = layout.log(name)
        self._most = most
        self._open()

    def write(self, data: bytes) -> None:
        """Append whole lines."""
        if self._size + len(data) > self._most:
            self._file.close()
            self._path.replace(self._path.with_suffix(".log.1"))
            self._open()
        self._file.write(data)
        self._size += len(data)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _open(self) -> None:
        self._file: BinaryIO = self._path.open("ab", buffering=0)
        self._size = self._path.stat().st_size


Show = Callable[[str, bytes], None]
"""Shows the lines of one process on the console."""


class Output:
    """Takes what the processes say, whole lines at a time."""

    def __init__(self, layout: Layout, show: Show | None = None) -> None:
        self._layout = layout
        self._show = show
        self._files: dict[str, LogFile] = {}

    def write(self, name: str, lines: bytes) -> None:
        """Keep, and show, lines of the process `name`.

        What a full disk or a closed terminal does not take is lost: the stack goes on.
        """
        with contextlib.suppress(OSError):
            if name not in self._files:
                self._files[name] = LogFile(self._layout, name)
            self._files[name].write(lines)
        if self._show is not None:
            with contextlib.suppress(OSError):
                self._show(name, lines)

    def say(self, text: str) -> None:
        """Keep, and show, a message of the runner itself."""
        self.write(RUNNER, text.encode() + b"\n")

    def close(self) -> None:
        """Close all files."""
        for file in self._files.values():
            file.close()


class Prefixed:
    """Shows lines with the process's name in front, each name in a colour of its own."""

    def __init__(self, width: int, *, colour: bool, stream: BinaryIO | None = None) -> None:
        self._width = width
        self._colour = colour
        self._stream = stream or sys.stdout.buffer
        self._prefixes: dict[str, bytes] = {}

    def __call__(self, name: str, lines: bytes) -> None:
        """Show the lines."""
        prefix = self._prefixes.setdefault(name, self._prefix(name))
        self._stream.write(b"".join(prefix + line + b"\n" for line in lines.splitlines()))
        self._stream.flush()

    def _prefix(self, name: str) -> bytes:
        text = f"{name:<{self._width}} │ "
        if not self._colour:
            return text.encode()
        code = 1 if name == RUNNER else COLOURS[len(self._prefixes) % len(COLOURS)]
        return f"\x1b[{code}m{text}\x1b[0m".encode()
