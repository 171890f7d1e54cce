"""`bff init`: makes a new platform."""

import json
from pathlib import Path
from typing import Annotated

import typer

from colonnade.cli.root import root


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The new folder, named as the platform.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make a complete platform in DIR: the edge, three BFFs and mock services.

    Example: bff init shop
    """
    from colonnade.scaffold.init import init_platform  # noqa: PLC0415 - Jinja is slow to import

    made = init_platform(root(), folder)
    if as_json:
        typer.echo(json.dumps({"name": made.name, "folder": str(made.folder), "bffs": made.bffs}))
        return
    typer.echo(f"Made {folder}: the platform {made.name} with {', '.join(made.bffs)}")
    typer.echo(f"  run     cd {folder} && ./bff up   (the first call makes .venv, about a minute)")
    typer.echo("  keep    git init && git add . && git commit -m 'The platform'")
