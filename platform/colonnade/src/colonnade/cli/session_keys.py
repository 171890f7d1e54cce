"""`bff session-keys`: what encrypts the tokens of browser sessions."""

from typing import Annotated

import typer

from colonnade.cli.root import root

app = typer.Typer(
    name="session-keys", help="Rotate the keys that encrypt the tokens of sessions.", no_args_is_help=True
)


@app.callback()
def _group() -> None:
    """Stay a group of commands while there is one."""


@app.command()
def rotate(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Encrypt with a new key from now on. What older keys encrypted is still read; nobody is logged out.

    Example: bff session-keys rotate
    """
    import json  # noqa: PLC0415 - with the rest

    from colonnade.local.layout import Layout  # noqa: PLC0415 - slow to import
    from colonnade.local.session_keys import rotate as add_key  # noqa: PLC0415 - as above
    from colonnade.manifest.load import load_platform  # noqa: PLC0415 - as above
    from colonnade.resolve.identity import resolve_identity  # noqa: PLC0415 - as above

    # A key that has leaked cannot wait until each team has mended its manifest.
    identity = resolve_identity(load_platform(root()).identity)
    file, keys = add_key(identity, Layout(root()))
    if as_json:
        typer.echo(json.dumps({"file": str(file), "keys": keys}))
        return
    typer.echo(f"a new key is first of {keys} in {file}")
    if keys > 1:
        typer.echo("remove the last line once no session is older than that key")
