"""The `bff` command: `python -m colonnade`."""

import signal
import sys


def _main() -> int:
    """Run the command line; return the exit code."""
    # Until a command begins there is nothing to tidy up: Ctrl-C just ends it, and no import shows where.
    interrupted = signal.getsignal(signal.SIGINT)
    if interrupted is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from colonnade.cli.app import main  # noqa: PLC0415 - as said

    signal.signal(signal.SIGINT, interrupted)
    return main()


if __name__ == "__main__":
    sys.exit(_main())
