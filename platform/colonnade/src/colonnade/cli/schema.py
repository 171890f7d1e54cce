"""`bff schema`: the JSON Schemas by which editors complete the manifests."""

from typing import Annotated

import typer

from colonnade.cli.root import root


def schema(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Write the JSON Schemas of colonnade.yaml and bff.yaml into docs/schemas.

    Example: bff schema
    """
    import json  # noqa: PLC0415 - with the rest

    from colonnade.cli.schemas import FOLDER, drifted, write  # noqa: PLC0415 - pydantic is slow to import

    folder = root()
    changed = drifted(folder)
    write(folder)
    if as_json:
        typer.echo(json.dumps({"folder": FOLDER, "written": changed}))
        return
    typer.echo("\n".join(f"wrote {path}" for path in changed) or f"{FOLDER} is up to date")
