"""`bff remove`: takes a front end out of the platform again."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from colonnade.cli.root import root
from colonnade.errors import UserError


def remove(
    name: Annotated[str, typer.Argument(help="The front end's name, such as tv.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    force: Annotated[bool, typer.Option(help="Remove work that is not committed, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Remove bffs/NAME and its route; a running stack stops it at once.

    Example: bff remove tv --yes
    """
    from colonnade.scaffold.remove import remove_bff  # noqa: PLC0415 - Jinja is slow to import

    if not yes:
        if not sys.stdin.isatty():
            raise UserError("nobody is there to confirm the removal", "give --yes")
        if not typer.confirm(f"Remove bffs/{name} and its route?"):
            raise UserError("nothing was removed")
    removed = remove_bff(root(), name, force=force, venv=Path(sys.prefix))
    if as_json:
        typer.echo(json.dumps(asdict(removed)))
        return
    typer.echo(f"Removed bffs/{name}")
    if removed.updated:
        typer.echo(f"Brought up to date: {', '.join(removed.updated)}")
