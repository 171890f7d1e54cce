"""`bff new`: adds a front end to the platform."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from colonnade.cli.root import root


def new(
    name: Annotated[str, typer.Argument(help="The front end's name, such as tv.")],
    kind: Annotated[str, typer.Option("--kind", "-k", help="web, mobile or iot.")],
    owner: Annotated[str | None, typer.Option(help="The owning team, such as @team-tv.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make a BFF in bffs/NAME; a running stack routes it at once.

    Example: bff new tv --kind mobile --owner @team-tv
    """
    from colonnade.scaffold.new import NewBff, new_bff  # noqa: PLC0415 - Jinja is slow to import

    made: NewBff = new_bff(root(), name, kind, owner, venv=Path(sys.prefix))
    answers = made.answers
    if as_json:
        folder = f"bffs/{name}"
        typer.echo(
            json.dumps({**asdict(answers), "folder": folder, "files": made.files, "updated": made.updated})
        )
        return
    typer.echo(f"Made bffs/{name} ({answers.kind}, {answers.owner}): {len(made.files)} files, yours to edit")
    typer.echo(f"  route   {answers.prefix} at the edge, port {answers.port} behind it")
    typer.echo(f"  tests   ./bff test bffs/{name}")
    typer.echo("  run     ./bff up, where it does not run already")
    if made.updated:
        typer.echo(f"Brought up to date: {', '.join(made.updated)}")
