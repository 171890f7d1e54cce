"""`bff token`: an access token of a development user, or of a program."""

from typing import Annotated

import typer

from colonnade.cli.root import root


def token(
    client: Annotated[
        str, typer.Option(help="The app, as bff routes names its BFF; or the program machine.")
    ] = "mobile",
    user: Annotated[
        str, typer.Option(help="The development user, who logs in; a program needs none.")
    ] = "alice",
    scope: Annotated[
        list[str] | None,
        typer.Option(help="A scope to ask for; repeat it for more. All that it may have, else."),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole token answer.")] = False,
) -> None:
    """Log a development user in, as an app would, and print the access token.

    machine is a program that acts for itself (client credentials); machine-opaque gets opaque tokens, where
    identity.introspection is set up.

    Example: curl -H "Authorization: Bearer $(bff token --client mobile --user alice)" http://127.0.0.1:8080/api/mobile/home
    """
    import json  # noqa: PLC0415 - with the rest

    from colonnade.local.layout import Layout  # noqa: PLC0415 - slow to import
    from colonnade.local.login import log_in  # noqa: PLC0415 - as above

    answer = log_in(Layout(root()), client, user, scope or [])
    typer.echo(json.dumps(answer, indent=2) if as_json else answer["access_token"])
