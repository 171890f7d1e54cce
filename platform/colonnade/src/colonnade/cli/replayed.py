"""How the report of `bff limits replay` looks."""

from datetime import UTC, datetime
from typing import Any

import typer

from colonnade.cli.screen import print_table
from colonnade.limits.replay import Report

SHOWN = 20
SECOND_US = 1_000_000


def as_data(report: Report, foreign: int) -> dict[str, Any]:
    """Return all of a report, as JSON has it."""
    return {
        "requests": report.requests,
        "elsewhere": report.elsewhere,
        "not_of_the_log": foreign,
        "refused_then": report.refused_then,
        "refused_now": report.refused_now,
        "limits": [
            {
                "limit": limit.name,
                "shadow": limit.shadow,
                "asked": limit.asked,
                "refused": limit.refused,
                "delayed": limit.delayed,
                "longest_delay_s": limit.longest_delay_us / SECOND_US,
                "consumers": [
                    {
                        "consumer": one.value,
                        "asked": one.asked,
                        "refused": one.refused,
                        "first": _moment(one.first),
                        "last": _moment(one.last),
                    }
                    for one in limit.heaviest()
                ],
            }
            for limit in report.limits.values()
        ],
    }


def show(report: Report, foreign: int) -> None:
    """Print the numbers of each limit, and those who would have been refused most."""
    share = 100 * report.refused_now / report.requests if report.requests else 0.0
    typer.echo(f"{report.requests} requests replayed, {report.elsewhere} of other BFFs or without a limit")
    if foreign:
        typer.echo(f"{foreign} lines are not of the access log")
    typer.echo(f"refused then: {report.refused_then}; refused now: {report.refused_now} ({share:.2f} %)\n")
    rows = [
        (
            f"{limit.name}{' (shadow)' if limit.shadow else ''}",
            limit.asked,
            limit.refused,
            limit.delayed,
            f"{limit.longest_delay_us / SECOND_US:g} s",
        )
        for limit in report.limits.values()
    ]
    print_table(("limit", "asked", "refused", "delayed", "longest delay"), rows)
    refused = [(limit.name, one) for limit in report.limits.values() for one in limit.heaviest()]
    if refused:
        refused.sort(key=lambda pair: -pair[1].refused)
        typer.echo("")
        lines = [
            (name, one.value, one.asked, one.refused, _moment(one.first), _moment(one.last))
            for name, one in refused[:SHOWN]
        ]
        print_table(("limit", "consumer", "asked", "refused", "first", "last"), lines)
        if len(refused) > SHOWN:
            typer.echo(f"… and {len(refused) - SHOWN} more: --json lists all")


def _moment(at_us: int) -> str:
    moment = datetime.fromtimestamp(at_us / SECOND_US, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
