"""`bff restart`: restarts processes one after the other, while requests go on."""

from typing import Annotated

import typer

from colonnade.cli.root import root
from colonnade.errors import UserError


def restart(
    names: Annotated[list[str] | None, typer.Argument(help="Processes, as bff ps names them.")] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Restart processes one after the other, without losing a request.

    An Envoy hands its sockets to the next; a BFF, service or policy service gets a successor at another port,
    and those who call it follow. Valkey, the identity provider and the console start anew in their places.

    Example: bff restart mobile
    """
    if bool(names) == all_:
        raise UserError("say what to restart: names of processes, or --all", "bff ps lists them")
    from colonnade.cli.screen import waiting  # noqa: PLC0415 - Rich is slow to import
    from colonnade.local.control.client import give  # noqa: PLC0415 - as above
    from colonnade.local.control.orders import Restart  # noqa: PLC0415 - as above
    from colonnade.local.layout import Layout  # noqa: PLC0415 - as above

    with waiting("restarting", quiet=as_json):
        told = give(Layout(root()), Restart(tuple(names or ())))
    if as_json:
        import json  # noqa: PLC0415 - only here

        typer.echo(json.dumps(told, indent=2))
        return
    typer.echo(f"restarted {', '.join(told['restarted'])}")
