"""Turns errors into words and exit codes; no other place does.

0 done, 1 the work failed, 2 wrong use or bad input, 130 interrupted.
"""

import os
import sys
from collections.abc import Callable

from colonnade.errors import ColonnadeError, in_words

TRACE = "COLONNADE_TRACE"
"""Set in the environment, it shows where an unexpected error comes from."""


def run(command: Callable[[], object]) -> int:
    """Run `command`, tell of its error if it has one, and return the exit code."""
    try:
        command()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Who read our output went away, as `head` does. Python would complain again when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if (failure := in_words(error)) is not None:
            sys.stderr.write(told(failure))
            return failure.exit_code
        if os.environ.get(TRACE):
            raise
        sys.stderr.write(f"bff: unexpected {type(error).__name__}: {error}\n     {TRACE}=1 shows where\n")
        return 1
    return 0


def told(error: ColonnadeError) -> str:
    """Return the error as the person reads it."""
    first, *rest = error.message.splitlines()
    lines = [f"bff: {first}", *(f"     {line}" for line in rest)]
    if error.hint:
        lines.append(f"     {error.hint}")
    return "\n".join(lines) + "\n"
