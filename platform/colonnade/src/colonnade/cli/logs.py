"""`bff logs`: shows what the processes say."""

import sys
from typing import Annotated

import typer

from colonnade.cli.root import root


def logs(
    name: Annotated[str | None, typer.Argument(help="One process only, as bff ps names it.")] = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as more comes.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 50,
) -> None:
    """Show the last lines of the logs, of all processes or one.

    Example: bff logs mobile -f
    """
    from colonnade.cli.screen import colour  # noqa: PLC0415 - Rich is slow to import
    from colonnade.local.layout import Layout  # noqa: PLC0415 - as above
    from colonnade.local.logs import follow_logs, last_lines, log_names  # noqa: PLC0415 - as above
    from colonnade.local.output import Prefixed  # noqa: PLC0415 - as above

    layout = Layout(root())
    names = log_names(layout, name)
    show = _plainly if name else Prefixed(max(map(len, names), default=0), colour=colour(sys.stdout.buffer))
    for one in names:
        show(one, last_lines(layout, one, lines))
    if follow:
        follow_logs(layout, names if name else None, show)


def _plainly(_name: str, lines: bytes) -> None:
    sys.stdout.buffer.write(lines)
    sys.stdout.buffer.flush()
