"""`bff config`: the versions of the configuration, what they differ in, and the way back."""

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from colonnade.cli.root import root

if TYPE_CHECKING:
    from colonnade.local.control.orders import Order
    from colonnade.local.versions.store import Versions

app = typer.Typer(
    name="config", help="List versions of the configuration, compare them, go back.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def history(*, as_json: Json = False) -> None:
    """List the versions that are kept, the newest first; every publish of a running stack is one.

    Example: bff config history
    """
    from dataclasses import asdict  # noqa: PLC0415 - with the rest

    versions, current = _versions(), _in_effect()
    kept = versions.history()
    if as_json:
        _print({"current": current, "items": [asdict(version) for version in kept]})
        return
    if not kept:
        typer.echo("nothing was published here yet; bff up does")
        return
    from colonnade.cli import screen  # noqa: PLC0415 - Rich is slow to import

    rows = [
        (
            "*" if one.number == current else "",
            one.number,
            _when(one.at),
            one.author,
            one.revision,
            one.outcome,
            one.cause,
        )
        for one in kept
    ]
    screen.print_table(("", "version", "at", "author", "revision", "outcome", "cause"), rows)
    for one in kept:
        if one.note:
            typer.echo(f"\n{one.number}: {one.note}")


@app.command()
def diff(
    before: Annotated[int, typer.Argument(min=1, help="A version.")],
    after: Annotated[
        int | None, typer.Argument(min=1, help="Another; the one in effect if left out.")
    ] = None,
    *,
    compiled: Annotated[
        bool, typer.Option("--compiled", help="Compare what edges and policy service were told.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what leads from one version to another, as a unified diff of the manifests.

    Example: bff config diff 3 5
    """
    from colonnade.local.versions import compare  # noqa: PLC0415 - with the rest

    text = compare.versions(_versions(), before, after, compiled=compiled)
    if as_json:
        _print({"diff": text})
    else:
        sys.stdout.write(text or "nothing differs\n")


@app.command()
def rollback(
    number: Annotated[
        int | None, typer.Argument(min=1, help="The version; the one before if left out.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Bring a version into effect again, on all edges, as a new version.

    The files on disk stay as they are; the next edit of one of them publishes them all again.

    Example: bff config rollback
    """
    from colonnade.local.control.orders import Rollback  # noqa: PLC0415 - with the rest

    _show(_give(Rollback(number)), as_json=as_json)


@app.command()
def publish(
    *,
    canary: Annotated[
        bool, typer.Option("--canary", help="To one edge first, whatever edge.rollout says.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring the manifests on disk into effect, as saving one of them does; after a rollback, for example.

    By canary, one edge gets them first, and gets back what it had if it then fails more often than others.

    Example: bff config publish --canary
    """
    from colonnade.local.control.orders import Publish  # noqa: PLC0415 - with the rest

    _show(_give(Publish(canary)), as_json=as_json)


def _show(told: dict[str, Any], *, as_json: bool) -> None:
    version = told["version"]
    if as_json:
        _print(told)
    elif told["new"]:
        typer.echo(f"version {version['number']} is in effect: {version['cause']}")
    else:
        typer.echo(f"version {version['number']} is in effect already")


def _give(order: "Order") -> dict[str, Any]:
    from colonnade.local.control.client import give  # noqa: PLC0415 - with the rest
    from colonnade.local.layout import Layout  # noqa: PLC0415 - as above

    told: dict[str, Any] = give(Layout(root()), order)
    return told


def _versions() -> "Versions":
    from colonnade.local.layout import Layout  # noqa: PLC0415 - with the rest
    from colonnade.local.versions.store import Versions  # noqa: PLC0415 - as above

    return Versions(Layout(root()).versions)


def _in_effect() -> int | None:
    from colonnade.local.layout import Layout  # noqa: PLC0415 - with the rest
    from colonnade.local.state import running_state  # noqa: PLC0415 - as above

    state = running_state(Layout(root()))
    return state.version if state else None


def _when(at: float) -> str:
    from datetime import datetime  # noqa: PLC0415 - with the rest

    return datetime.fromtimestamp(at).astimezone().isoformat(" ", "seconds")


def _print(data: object) -> None:
    typer.echo(json.dumps(data, indent=2))
