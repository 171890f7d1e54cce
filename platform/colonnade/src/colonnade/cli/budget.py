"""`bff budget`: what the views of the running BFFs cost, beside what they may."""

from typing import TYPE_CHECKING, Annotated

import typer

from colonnade.cli.root import root
from colonnade.errors import UserError, nearest

if TYPE_CHECKING:
    from colonnade.budgets.report import ViewCost


def budget(
    bff: Annotated[str, typer.Argument(metavar="[BFF]", help="Only this BFF.")] = "",
    *,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 where a budget is exceeded.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what each view has cost since its BFF started, beside the budget in its bff.yaml.

    Bytes read of services and sent to clients, their ratio, calls, time, and of how many fields that services
    offer how many are read. Bytes and calls are held against the dearest answer.

    Example: bff budget mobile --check
    """
    import json  # noqa: PLC0415 - with the rest
    from dataclasses import asdict  # noqa: PLC0415 - as above

    found = [cost for cost in _costs(bff) if bff in {"", cost.bff}]
    if as_json:
        items = [asdict(one) | {"ratio": one.ratio} for one in found]
        typer.echo(json.dumps({"items": items}, indent=2))
    else:
        _show(found)
    if check and any(one.over for one in found):
        raise typer.Exit(1)


def _costs(bff: str) -> "list[ViewCost]":
    import httpx  # noqa: PLC0415 - slow to import

    from colonnade.budgets.report import costs, fields_of  # noqa: PLC0415 - as is the compiler
    from colonnade.budgets.spent import read_spent  # noqa: PLC0415 - as above
    from colonnade.local.layout import Layout  # noqa: PLC0415 - as above
    from colonnade.local.state import require_running  # noqa: PLC0415 - as above
    from colonnade.manifest.load import load  # noqa: PLC0415 - as above
    from colonnade.resolve import resolve  # noqa: PLC0415 - as above

    platform = resolve(load(root()))
    names = [one.name for one in platform.bffs]
    if bff and bff not in names:
        raise UserError(f"there is no BFF {bff!r}", nearest(bff, names))
    state = require_running(Layout(root()))
    spent = {}
    for one in platform.bffs:
        if one.name in state.metrics:
            metrics = httpx.get(state.metrics[one.name], timeout=5)
            spent[one.name] = read_spent(metrics.text)
    return list(costs(platform, spent, fields_of(root(), platform)))


def _show(found: "list[ViewCost]") -> None:
    from colonnade.cli.screen import print_table  # noqa: PLC0415 - Rich is slow to import

    if not found:
        typer.echo("no view has answered yet")
        return
    rows = [
        (
            one.bff,
            one.view,
            one.answers,
            f"{one.received:.0f}",
            f"{one.sent:.0f} (most {one.most_sent})",
            f"{one.ratio:.1f}",
            f"{one.calls:.1f} (most {one.most_calls})",
            f"{one.fields_read} of {one.fields_offered}",
            f"{one.p95_s * 1000:.0f} ms",
            ", ".join(one.over) or "kept",
        )
        for one in found
    ]
    headings = (
        "BFF",
        "view",
        "answers",
        "bytes read",
        "bytes sent",
        "ratio",
        "calls",
        "fields",
        "p95",
        "budget",
    )
    print_table(headings, rows)
