"""`bff down`: stops the platform."""

from typing import Annotated

import typer

from colonnade.cli.root import root


def down(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Stop what bff up started in this folder; requests under way are finished first.

    Example: bff down
    """
    from colonnade.cli.screen import waiting  # noqa: PLC0415 - Rich is slow to import
    from colonnade.local.detach import stop  # noqa: PLC0415 - as above
    from colonnade.local.layout import Layout  # noqa: PLC0415 - as above

    with waiting("stopping", quiet=as_json):
        stopped = stop(Layout(root()))
    if as_json:
        typer.echo('{"stopped": true}' if stopped else '{"stopped": false}')
    else:
        typer.echo("stopped" if stopped else "nothing runs here")
