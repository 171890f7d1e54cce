"""`bff routes`: who may call what, how often, and who decides."""

from typing import TYPE_CHECKING, Annotated

import typer

from colonnade.cli.root import root
from colonnade.cli.route_details import details
from colonnade.cli.route_words import auth, decider, limit, match
from colonnade.cli.ways import way
from colonnade.errors import UserError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from colonnade.ir.platform import Bff
    from colonnade.ir.route import Route

HEADINGS = ("route", "match", "auth", "limits", "timeouts", "body", "decided by", "because", "goes to")
KIB = 1024


def routes(
    name: Annotated[str, typer.Argument(help="A route, to see all of it.", show_default=False)] = "",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the routes in the order in which they are matched, or all that holds for one of them.

    Timeouts are: to connect, to receive the request, to get the answer. Decided by envoy means
    that the edge asks nobody else.

    Example: bff routes mobile
    """
    import json  # noqa: PLC0415 - with the rest

    import msgspec  # noqa: PLC0415 - as above

    from colonnade.cli.screen import print_table  # noqa: PLC0415 - Rich is slow to import
    from colonnade.manifest.load import load  # noqa: PLC0415 - as is pydantic
    from colonnade.resolve import resolve  # noqa: PLC0415 - as above

    platform = resolve(load(root()))
    backends = platform.backend_by_name
    found = [(route, backends[route.bff]) for route in _chosen(platform.routes, name)]
    if as_json:
        told = [
            msgspec.to_builtins(route) | {"decided_by": decider(route), "goes_to": _goes_to(bff)}
            for route, bff in found
        ]
        typer.echo(json.dumps({"routes": told}, indent=2))
    elif name:
        print_table(("route", name), list(details(*found[0])))
    else:
        print_table(HEADINGS, [_row(*one) for one in found])


def _chosen(routes: "Sequence[Route]", name: str) -> "Sequence[Route]":
    if not name:
        return routes
    names = [route.id for route in routes]
    if name not in names:
        raise UserError(f"there is no route {name!r}", nearest(name, names))
    return [routes[names.index(name)]]


def _goes_to(bff: "Bff") -> dict[str, object]:
    import msgspec  # noqa: PLC0415 - as in `routes`

    said = ("name", "replicas", "balance", "canary", "mirror", "health", "bounds")
    return {name: msgspec.to_builtins(getattr(bff, name)) for name in said}


def _row(route: "Route", bff: "Bff") -> tuple[str, ...]:
    return (
        route.id,
        match(route.match),
        auth(route.auth),
        ", ".join(limit(one) for one in route.limits) or "none",
        _timeouts(route),
        "any" if route.stream else f"{route.max_body / KIB:g} KiB",
        decider(route),
        route.decision.reason,
        way(bff),
    )


def _timeouts(route: "Route") -> str:
    timeouts = route.timeouts
    answer = f"stream, idle {timeouts.idle_s:g}s" if route.stream else f"{timeouts.read_s:g}s"
    return f"{timeouts.connect_s:g}s/{timeouts.send_s:g}s/{answer}"
