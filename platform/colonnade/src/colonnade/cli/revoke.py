"""`bff revoke`: refuses credentials before they expire, by the console's admin API."""

import hashlib
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from colonnade.cli.root import root
from colonnade.errors import UserError

_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")


def revoke(
    user: Annotated[str, typer.Option(help="All that a user was given so far, by the subject's id.")] = "",
    client: Annotated[str, typer.Option(help="All that a client was given so far, by its id.")] = "",
    token: Annotated[
        str,
        typer.Option(help="One token: its jti, or @FILE, or - for standard input.", metavar="JTI|@FILE|-"),
    ] = "",
    session: Annotated[
        str, typer.Option(help="One login: its sid or digest, or - for its cookie.", metavar="SID|DIGEST|-")
    ] = "",
    key: Annotated[str, typer.Option(help="One API key, by its id.")] = "",
    device: Annotated[str, typer.Option(help="All keys that a device has so far.")] = "",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Refuse credentials from now on, at every edge within a second, and close their streams.

    Give exactly one of the options. A token or cookie itself is read from standard input, or a file, so
    that it never stands in the list of processes.

    Example: bff revoke --user alice

    Example: bff token --user alice | bff revoke --token -
    """
    named = {
        "user": user,
        "client": client,
        **_token(token),
        "session": _session(session),
        "key": key,
        "device": device,
    }
    order = {name: value for name, value in named.items() if value}
    if len(order) != 1:
        raise UserError(
            "say what to revoke, one thing at a time",
            "one of --user, --client, --token, --session, --key, --device",
        )
    revoked = _call(order)
    if as_json:
        import json  # noqa: PLC0415 - only here

        typer.echo(json.dumps(revoked, indent=2))
        return
    ended = [
        f"{revoked[name]} {what}{'s' if revoked[name] > 1 else ''}"
        for name, what in (("sessions_ended", "session"), ("keys_revoked", "key"))
        if revoked[name]
    ]
    typer.echo(f"revoked {revoked['kind']} {revoked['value']}" + (f": {', '.join(ended)}" if ended else ""))


def _token(given: str) -> dict[str, str]:
    """A token itself, or the id of one."""
    if given == "-":
        return {"token": _some(sys.stdin.read(), given)}
    if given.startswith("@"):
        try:
            return {"token": _some(Path(given[1:]).read_text(encoding="utf-8"), given)}
        except OSError as error:
            raise UserError(f"cannot read {given[1:]}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise UserError(f"{given[1:]} holds no token") from error
    if given.count(".") == 2:  # noqa: PLR2004 - header.payload.signature
        raise UserError("a token does not belong in a command line", "give it on standard input: --token -")
    return {"token_id": given}


def _some(text: str, given: str) -> str:
    if not text.strip():
        raise UserError(f"--token {given}: there is no token", "bff token prints one")
    return text.strip()


def _session(given: str) -> str:
    if given != "-":
        return given
    cookie = sys.stdin.read().strip().rpartition("=")[2]
    if not _COOKIE.fullmatch(cookie):
        raise UserError("this is no session cookie", "bff session prints one")
    return hashlib.sha256(cookie.encode()).hexdigest()


def _call(order: dict[str, str]) -> dict[str, Any]:
    from colonnade.local.admin import call  # noqa: PLC0415 - httpx is slow to import
    from colonnade.local.layout import Layout  # noqa: PLC0415 - as above

    return call(Layout(root()), "POST", "/admin/revocations", order)
