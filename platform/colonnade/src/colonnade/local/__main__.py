"""A runner in the background: `python -m colonnade.local ROOT [--port=N] [--ephemeral]`.

It tells on standard output, one JSON object a line: `progress`, then either `ready` or `error`.
"""

import argparse
import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path

from colonnade.errors import in_words
from colonnade.local.order import Order
from colonnade.local.runner import Listener, run
from colonnade.local.state import StackState


def main(arguments: list[str]) -> int:
    """Run the stack to its end; return the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--port", type=int)
    parser.add_argument("--ephemeral", action="store_true")
    asked = parser.parse_args(arguments)
    order = Order(asked.root, asked.port, asked.ephemeral)
    try:
        asyncio.run(run(order, Listener(None, _progress, _ready)))
    except Exception as error:
        if (failure := in_words(error)) is None:
            raise
        _tell(error={"message": failure.message, "hint": failure.hint, "exit_code": failure.exit_code})
        return failure.exit_code
    return 0


def _progress(done: int, total: int) -> None:
    _tell(progress=[done, total])


def _ready(_state: StackState) -> None:
    _tell(ready=True)
    # Nobody listens from here on.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def _tell(**what: object) -> None:
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
