"""`bff limits`: which limits apply, who asks most, and what other limits would have done."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from colonnade.cli.root import root
from colonnade.errors import UserError

if TYPE_CHECKING:
    from colonnade.ir.platform import Platform
    from colonnade.ir.route import Route
    from colonnade.limits.explain import Applied

app = typer.Typer(
    name="limits", help="Explain limits, list who asks most, try other limits.", no_args_is_help=True
)

SHOWN = 20

CONSUMERS = {
    "user": "user:alice",
    "client": "client:partner",
    "device": "device:sensor-1",
    "ip": "ip:203.0.113.7",
}
"""Kinds of who is counted, with an example of each."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def explain(
    path: Annotated[str, typer.Option(help="The path, such as /api/mobile/home.")],
    client: Annotated[
        str, typer.Option(help="The consumer: user:NAME, client:ID, device:ID or ip:ADDRESS.")
    ] = "ip:127.0.0.1",
    method: Annotated[str, typer.Option(help="The method.")] = "GET",
    host: Annotated[str, typer.Option(help="The host.")] = "localhost",
    group: Annotated[list[str] | None, typer.Option(help="A group of the consumer; repeat it.")] = None,
    ip: Annotated[str, typer.Option(help="The client's address.")] = "127.0.0.1",
    header: Annotated[list[str] | None, typer.Option(help="NAME=VALUE of a header; repeat it.")] = None,
    credential: Annotated[str, typer.Option(help="For limits by credential, such as key:3fj9a0bq.")] = "",
    *,
    as_json: Json = False,
) -> None:
    """Say which limits a request would meet and, where the stack runs, how they stand.

    Example: bff limits explain --client user:alice --path /api/mobile/home
    """
    from colonnade.limits.explain import Asker, question  # noqa: PLC0415 - as below
    from colonnade.limits.explain import explain as applied  # noqa: PLC0415 - as below
    from colonnade.limits.match import find_route  # noqa: PLC0415 - as below
    from colonnade.policy import policy_route  # noqa: PLC0415 - msgspec is slow to import

    headers = dict(_header(text) for text in header or [])
    _check_consumer(client)
    _check_address(ip)
    platform = _platform()
    route = find_route(platform.routes, host, path, method.upper(), headers)
    if route is None:
        raise UserError(f"no route takes {method.upper()} {path} on {host}", "bff routes lists them")
    asker = Asker(client, frozenset(group or ()), credential)
    asked = question(route, path, asker, ip, headers)
    policy = policy_route(route).limits
    found = applied(route, policy, asked)
    order = {
        "route": route.id,
        "path": path,
        "consumer": client,
        "credential": credential,
        "groups": group or [],
        "ip": ip,
        "headers": headers,
    }
    states = _states(order) if any(limit.policy == "store" and not limit.exempt for limit in found) else {}
    if as_json:
        _print(_explained(route, found, states))
        return
    _show(route, found, states)


@app.command()
def top(
    limit: Annotated[str, typer.Option(help="Only this limit, such as mobile.per-consumer.")] = "",
    *,
    as_json: Json = False,
) -> None:
    """List who asked most in the last minute or two, per limit.

    Example: bff limits top
    """
    from colonnade.cli.screen import print_table  # noqa: PLC0415 - Rich is slow to import

    found = _call("GET", "/admin/limits/top")
    items = [item for item in found["items"] if limit in {"", item["limit"]}]
    if as_json:
        _print({**found, "items": items})
        return
    rows = [(one["limit"], one["consumer"], one["asked"], one["refused"]) for one in items[:SHOWN]]
    typer.echo(f"since {found['since']}")
    print_table(("limit", "consumer", "asked", "refused"), rows)


@app.command()
def replay(
    access_log: Annotated[str, typer.Option(help="The edge's JSON access log; - reads standard input.")],
    proposed: Annotated[
        Path, typer.Option("--with", metavar="NEW.yaml", help="The bff.yaml with the limits to try.")
    ],
    *,
    as_json: Json = False,
) -> None:
    """Count recorded requests by proposed limits: who would have been refused, and when.

    Requests are matched to the proposed routes and counted as one edge would count them: a local limit of
    several edges admits more. A GraphQL query counts as 1, because the log does not hold it.

    Example: bff limits replay --access-log .colonnade/logs/envoy.log --with proposed.yaml
    """
    from colonnade.cli.replayed import as_data, show  # noqa: PLC0415 - Rich is slow to import
    from colonnade.limits.recorded import read_requests  # noqa: PLC0415 - msgspec is slow to import
    from colonnade.limits.replay import Replay  # noqa: PLC0415 - as above
    from colonnade.manifest.load import load_with  # noqa: PLC0415 - as is pydantic
    from colonnade.policy import policy_route  # noqa: PLC0415 - as above
    from colonnade.resolve import resolve  # noqa: PLC0415 - as above

    manifests, name = load_with(root(), proposed)
    platform = resolve(manifests)
    counting = Replay(platform.routes, {route.id: policy_route(route) for route in platform.routes}, name)
    with _opened(access_log) as lines:
        requests, foreign = read_requests(_watched(lines, "reading"))
    if foreign and not requests:
        hint = "bff up writes it to .colonnade/logs/envoy.log"
        message = f"{access_log}: no request to replay; {foreign} lines are not of the edge's JSON access log"
        raise UserError(message, hint)
    report = counting.run(_watched(requests, "replaying"))
    if as_json:
        _print(as_data(report, foreign))
        return
    show(report, foreign)


def _platform() -> "Platform":
    from colonnade.manifest.load import load  # noqa: PLC0415 - pydantic is slow to import
    from colonnade.resolve import resolve  # noqa: PLC0415 - as above

    return resolve(load(root()))


def _check_consumer(text: str) -> None:
    kind, _, name = text.partition(":")
    if kind not in CONSUMERS or not name:
        raise UserError(
            f"--client {text}: a consumer is KIND:NAME", f"such as {', '.join(CONSUMERS.values())}"
        )
    if kind == "ip":
        _check_address(name)


def _check_address(text: str) -> None:
    from ipaddress import ip_address  # noqa: PLC0415 - only here

    try:
        ip_address(text)
    except ValueError as error:
        raise UserError(f"{text} is not an IP address", "such as 203.0.113.7 or 2001:db8::7") from error


def _header(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UserError(f"--header {text}: a header is NAME=VALUE", "such as --header x-tenant=acme")
    return name.lower(), value


def _states(order: dict[str, Any]) -> dict[str, Any]:
    """How the limits stand in the store; nothing where no stack runs."""
    from colonnade.local.layout import Layout  # noqa: PLC0415 - httpx is slow to import
    from colonnade.local.state import is_running  # noqa: PLC0415 - as above

    if not is_running(Layout(root())):
        return {}
    return {state["limit"]: state for state in _call("POST", "/admin/limits/state", order)["items"]}


def _explained(route: "Route", found: "Sequence[Applied]", states: dict[str, Any]) -> dict[str, Any]:
    from dataclasses import asdict  # noqa: PLC0415 - only here

    return {
        "route": route.id,
        "decided_by": "envoy" if route.decision.native else "policy service",
        "because": route.decision.reason,
        "cost": route.cost,
        "limits": [{**asdict(limit), "state": states.get(limit.name)} for limit in found],
    }


def _show(route: "Route", found: "Sequence[Applied]", states: dict[str, Any]) -> None:
    from colonnade.cli.screen import print_table  # noqa: PLC0415 - Rich is slow to import

    decider = "envoy" if route.decision.native else "the policy service"
    cost = "what its GraphQL query asks for" if route.cost is None else route.cost
    typer.echo(f"route {route.id}, decided by {decider} ({route.decision.reason}), cost {cost}")
    rows = [
        (limit.label, _rate(limit), limit.counts, _counted_by(limit), _state(limit, states))
        for limit in found
    ]
    print_table(("limit", "rate", "counts", "policy", "state"), rows)


def _rate(limit: "Applied") -> str:
    burst = f" burst {limit.burst}" if limit.burst else ""
    tier = f" (group {limit.group})" if limit.group else ""
    return f"{limit.rate} {limit.algorithm.replace('_', ' ')}{burst}{tier}"


def _counted_by(limit: "Applied") -> str:
    return f"{limit.policy}{', shadow' if limit.shadow else ''}"


def _state(limit: "Applied", states: dict[str, Any]) -> str:
    if limit.exempt:
        return "exempt"
    if limit.policy != "store":
        return "known to each edge only"
    state = states.get(limit.name)
    if state is None:
        return "the stack does not run"
    return f"{state['remaining']} of {state['quota']} left, full in {state['reset_s']:g} s"


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(name).open("rb") as file:
            yield file
    except OSError as error:
        raise UserError(f"cannot read {name}: {error.strerror}") from error


def _watched(items: Iterable[Any], what: str) -> Iterator[Any]:
    from colonnade.cli.screen import counting  # noqa: PLC0415 - Rich is slow to import

    return counting(items, what)


def _call(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    from colonnade.local.admin import call  # noqa: PLC0415 - httpx is slow to import
    from colonnade.local.layout import Layout  # noqa: PLC0415 - as above

    return call(Layout(root()), method, path, body)


def _print(data: dict[str, Any]) -> None:
    import json  # noqa: PLC0415 - only here

    typer.echo(json.dumps(data, indent=2))
