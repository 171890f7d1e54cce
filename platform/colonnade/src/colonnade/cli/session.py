"""`bff session`: a browser session of a development user."""

from typing import Annotated

import typer

from colonnade.cli.root import root


def session(
    user: Annotated[str, typer.Option(help="The development user, who logs in.")] = "alice",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the cookie as JSON.")] = False,
) -> None:
    """Log a development user in, as a browser would, and print the session cookie.

    Example: curl -b "$(bff session --user alice)" http://127.0.0.1:8080/auth/session
    """
    import json  # noqa: PLC0415 - with the rest

    from colonnade.local.layout import Layout  # noqa: PLC0415 - slow to import
    from colonnade.local.login import browser_session  # noqa: PLC0415 - as above

    cookie = browser_session(Layout(root()), user)
    typer.echo(json.dumps({"cookie": cookie}) if as_json else cookie)
