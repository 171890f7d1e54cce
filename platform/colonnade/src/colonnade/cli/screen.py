"""What commands show on a terminal: progress, addresses, tables."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import BinaryIO, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from colonnade.local.state import StackState

PIPE_WIDTH = 500
SHOW_EVERY = 10_000

T = TypeVar("T")


def colour(stream: BinaryIO) -> bool:
    """Return whether a person looks at `stream` and wants colour."""
    return stream.isatty() and "NO_COLOR" not in os.environ


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Show how many processes are healthy, on standard error, where a person looks at it."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _done, _total: None
        return
    columns = (TextColumn("starting"), BarColumn(), MofNCompleteColumn(), TextColumn("healthy"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def waiting(text: str, *, quiet: bool) -> Iterator[None]:
    """Show that something goes on, on standard error, where a person looks at it."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield
        return
    with console.status(text):
        yield


def counting(items: Iterable[T], what: str) -> Iterator[T]:
    """Yield `items`, and show how many there were, on standard error, where a person looks at it."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield from items
        return
    with console.status(f"{what} …") as status:
        for number, item in enumerate(items, 1):
            if number % SHOW_EVERY == 0:
                status.update(f"{what} … {number:,}")
            yield item


def ready(state: StackState, *, as_json: bool, detached: bool) -> None:
    """Print where everything is, and what to try next."""
    if as_json:
        sys.stdout.write(addresses_json(state) + "\n")
        sys.stdout.flush()
        return
    rows = [("edge", state.edge)]
    rows += [(f"  {number}", url) for number, url in enumerate(state.edges, 1) if len(state.edges) > 1]
    rows += [("edge tls", state.edge_tls)] if state.edge_tls else []
    rows += [("  CA", state.edge_tls_ca)] if state.edge_tls_ca else []
    rows += [("console", state.console), ("identity", state.identity)]
    rows += [(f"bff {name}", url) for name, url in state.bffs.items()]
    rows += [(f"service {name}", url) for name, url in state.services.items()]
    print_table(("ready", ""), rows)
    stop = "./bff down" if detached else "Ctrl-C"
    lines = (
        f"curl {state.edge}/healthz",
        "./bff routes",
        "./bff token --client mobile --user alice",
        "./bff ps",
    )
    sys.stdout.write("try    " + "\n       ".join(lines) + f"\nstop   {stop}\n\n")
    sys.stdout.flush()


def addresses_json(state: StackState) -> str:
    """Return the addresses and processes of a stack as one JSON object."""
    data = asdict(state)
    for internal in ("runner", "ready"):
        del data[internal]
    return json.dumps(data, indent=2)


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; a pipe gets it as wide as it is."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(table)
        return
    wide = Console(highlight=False, width=PIPE_WIDTH)
    with wide.capture() as captured:
        wide.print(table)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
