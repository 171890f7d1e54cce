"""`bff routes`: who may call what, how often, and who decides."""

from typing import TYPE_CHECKING, Annotated

import typer

from colonnade.cli.root import root
from colonnade.cli.ways import way

if TYPE_CHECKING:
    from colonnade.ir.platform import Bff
    from colonnade.ir.route import Auth, Limit, Match, Route

HEADINGS = ("route", "match", "auth", "limits", "timeouts", "body", "decided by", "because", "goes to")
KIB = 1024


def routes(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show the routes in the order in which they are matched.

    Timeouts are: to connect, to receive the request, to get the answer. Decided by envoy means
    that the edge asks nobody else.

    Example: bff routes
    """
    import json  # noqa: PLC0415 - with the rest

    import msgspec  # noqa: PLC0415 - as above

    from colonnade.cli.screen import print_table  # noqa: PLC0415 - Rich is slow to import
    from colonnade.manifest.load import load  # noqa: PLC0415 - as is pydantic
    from colonnade.resolve import resolve  # noqa: PLC0415 - as above

    platform = resolve(load(root()))
    if as_json:
        found = [
            msgspec.to_builtins(route)
            | {"decided_by": _decider(route), "goes_to": _goes_to(platform.bff(route.bff))}
            for route in platform.routes
        ]
        typer.echo(json.dumps({"routes": found}, indent=2))
        return
    print_table(HEADINGS, [_row(route, platform.bff(route.bff)) for route in platform.routes])


def _goes_to(bff: "Bff") -> dict[str, object]:
    import msgspec  # noqa: PLC0415 - as in `routes`

    said = ("name", "replicas", "balance", "canary", "mirror")
    return {name: msgspec.to_builtins(getattr(bff, name)) for name in said}


def _row(route: "Route", bff: "Bff") -> tuple[str, ...]:
    return (
        route.id,
        _match(route.match),
        _auth(route.auth),
        ", ".join(_limit(limit) for limit in route.limits) or "none",
        _timeouts(route),
        "any" if route.stream else f"{route.max_body / KIB:g} KiB",
        _decider(route),
        route.decision.reason,
        way(bff),
    )


def _auth(auth: "Auth") -> str:
    groups = [f"group {'|'.join(auth.groups)}"] if auth.groups else []
    return " ".join((auth.type, *auth.scopes, *groups, *auth.claims))


def _decider(route: "Route") -> str:
    return "envoy" if route.decision.native else "policy service"


def _match(match: "Match") -> str:
    hosts = "" if match.hosts == ("*",) else ",".join(match.hosts)
    headers = " ".join(f"{name}: {value}" for name, value in match.headers)
    parts = (",".join(match.methods), f"{hosts}{match.prefix}", headers)
    return " ".join(part for part in parts if part)


def _limit(limit: "Limit") -> str:
    rule = limit.rule
    parts = [limit.text]
    if rule.algorithm != "token_bucket":
        parts.append(rule.algorithm.replace("_", " "))
    if rule.burst not in {0, rule.rate}:
        parts.append(f"burst {rule.burst}")
    parts += [f"{tier.group} {tier.text}" for tier in limit.tiers]
    parts.append(f"per {'+'.join(limit.key)}")
    return f"{' '.join(parts)} ({limit.policy}{', shadow' if limit.shadow else ''})"


def _timeouts(route: "Route") -> str:
    timeouts = route.timeouts
    answer = f"stream, idle {timeouts.idle_s:g}s" if route.stream else f"{timeouts.read_s:g}s"
    return f"{timeouts.connect_s:g}s/{timeouts.send_s:g}s/{answer}"
