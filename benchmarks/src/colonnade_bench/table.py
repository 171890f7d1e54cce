"""Shows a result to a person."""

from rich.console import Console
from rich.table import Table

from colonnade_bench.result import Result, Spread

TITLES = {
    "edge": "Edge: one core, CPU time summed over all processes of the subject (store included)",
    "bff": "GET /home of the mobile BFF: one process, one core",
}


def show(result: Result, console: Console) -> None:
    """Print the table, and below it how the figures came about."""
    table = Table(title=TITLES.get(result.benchmark), title_justify="left", box=None, pad_edge=False)
    table.add_column("subject", no_wrap=True)
    table.add_column("work")
    for heading in ("CPU µs/request", "ratio", "requests/s", "p50 ms", "p99 ms"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in sorted(result.subjects, key=lambda row: row.ratio):
        figures = (_range(row.cpu_us, 1), f"{row.ratio:.2f}", _range(row.requests_per_s, 0))
        table.add_row(
            f"{row.name} {row.version}".strip(), row.work, *figures, _one(row.p50_ms), _one(row.p99_ms)
        )
    for missing in result.not_available:
        table.add_row(missing.name, f"not available: {missing.reason}")
    console.print(table)
    console.print(_how(result), style="dim")


def _range(spread: Spread, digits: int) -> str:
    return f"{spread.median:,.{digits}f} ({spread.min:,.{digits}f}–{spread.max:,.{digits}f})"  # noqa: RUF001


def _one(spread: Spread) -> str:
    return f"{spread.median:.2f}"


def _how(result: Result) -> str:
    pinned = "subject on one core, load on the others" if result.pinned else "nothing pinned: one core in all"
    return (
        f"median (min–max) of {result.rounds} interleaved rounds of {result.seconds:g} s, "  # noqa: RUF001
        f"{result.connections} connections; ratios to {result.reference}; {pinned}\n"
        f"{result.machine}; {result.at}"
    )
