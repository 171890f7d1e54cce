"""The `bff` command and its list of commands."""

import sys
from typing import Annotated

import typer

from colonnade.cli import config, exits, keys, limits, session_keys
from colonnade.cli.bench import bench
from colonnade.cli.budget import budget
from colonnade.cli.check import check
from colonnade.cli.down import down
from colonnade.cli.impact import impact
from colonnade.cli.init import init
from colonnade.cli.logs import logs
from colonnade.cli.new import new
from colonnade.cli.ps import ps
from colonnade.cli.remove import remove
from colonnade.cli.restart import restart
from colonnade.cli.revoke import revoke
from colonnade.cli.routes import routes
from colonnade.cli.schema import schema
from colonnade.cli.session import session
from colonnade.cli.test import test
from colonnade.cli.token import token
from colonnade.cli.up import up

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
"""For commands that hand their arguments to another program."""

app = typer.Typer(
    name="bff",
    help="One edge, and a backend for each front end: run, check and extend this platform.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - Typer's way to call it
    if wanted:
        from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - only here

        try:
            number = version("colonnade")
        except PackageNotFoundError:
            number = "0.1.0"
        typer.echo(f"bff {number}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take the options that stand before the command."""
    del version  # its callback has done it


for command in (
    up,
    down,
    ps,
    restart,
    logs,
    check,
    budget,
    impact,
    routes,
    token,
    session,
    revoke,
    new,
    remove,
    init,
    schema,
):
    app.command()(command)
app.add_typer(config.app)
app.add_typer(keys.app)
app.add_typer(limits.app)
app.add_typer(session_keys.app)
for passing_on in (test, bench):
    app.command(context_settings=PASS_ON)(passing_on)


def main() -> int:
    """Run the command line; return the exit code."""
    return exits.run(lambda: app(args=sys.argv[1:], prog_name="bff"))
