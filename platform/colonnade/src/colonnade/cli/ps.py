"""`bff ps`: shows what runs."""

from typing import Annotated

import typer

from colonnade.cli.root import root


def ps(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show the processes of this platform, and why an edited manifest was not taken up.

    Example: bff ps --json
    """
    from colonnade.cli import screen  # noqa: PLC0415 - Rich is slow to import
    from colonnade.local.layout import Layout  # noqa: PLC0415 - as above
    from colonnade.local.state import running_state  # noqa: PLC0415 - as above

    state = running_state(Layout(root()))
    if state is None:
        typer.echo('{"processes": {}}' if as_json else "nothing runs here; start it with bff up")
        return
    if as_json:
        typer.echo(screen.addresses_json(state))
        return
    rows = [
        (name, process.state, process.pid or "", process.restarts, process.url, process.log)
        for name, process in state.processes.items()
    ]
    screen.print_table(("name", "state", "pid", "restarts", "address", "log"), rows)
    for problem in state.problems:
        typer.echo(f"\n{problem}")
