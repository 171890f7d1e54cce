"""The results, for people and for machines."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from colonnade_bench.change import Phase
from colonnade_bench.crowd import Crowd
from colonnade_bench.latency import Latency
from colonnade_bench.measure import Result
from colonnade_bench.scale import Scale

WIDTH = 110


def table(title: str, results: Sequence[Result], missing: Mapping[str, str]) -> Table:
    """Return the results as a table; `missing` says why a peer is not in it."""
    shown = _columns(title, "subject", "CPU µs/req", "min-max", "ratio", "req/s", "p50 ms", "p99 ms")
    for one in results:
        spread = f"{one.cpu_min:.0f}-{one.cpu_max:.0f}"
        figures = (f"{one.cpu_us:.0f}", spread, f"{one.ratio:.2f}", f"{one.rate:.0f}")
        shown.add_row(one.name, *figures, f"{one.p50_ms:.2f}", f"{one.p99_ms:.2f}")
    notes = [f"{name} is not available: {why}" for name, why in missing.items()]
    shown.caption = "\n".join([f"ratio: CPU time to that of {results[0].name}", *notes])
    shown.caption_justify = "left"
    return shown


def show_crowd(found: Crowd, *, as_json: bool) -> None:
    """Print what a crowd of consumers costs."""
    if as_json:
        print(json.dumps(asdict(found), indent=2))
        return
    kept = _columns(
        f"Store: {found.consumers:,} consumers", "algorithm", "bytes/consumer", "keys that expire"
    )
    for each in found.kept:
        kept.add_row(each.algorithm.replace("_", " "), f"{each.bytes_each:.0f}", f"{each.expiring:.0%}")
    kept.caption = f"the last key was gone after {found.empty_after_s:.0f} s"
    headings = ("req/s, one", "req/s, crowd", "ratio", "CPU µs/req", "edge's memory, MiB")
    paths = _columns("One consumer, and any of the crowd", "subject", *headings)
    for one in found.paths:
        rates = (f"{one.rate_one:.0f}", f"{one.rate_crowd:.0f}", f"{one.ratio:.2f}")
        cpu = f"{one.cpu_one_us:.0f} → {one.cpu_crowd_us:.0f}"
        paths.add_row(one.name, *rates, cpu, f"{one.rss_mb[0]:.0f} → {one.rss_mb[1]:.0f}")
    _print(kept, paths)


def show_latency(found: Sequence[Latency], *, as_json: bool) -> None:
    """Print what is added to the time of an answer."""
    if as_json:
        print(json.dumps([asdict(one) for one in found], indent=2))
        return
    headings = ("req/s", "busy", "p50 ms", "without", "p99 ms", "without", "added p99")
    shown = _columns("With a processor busy for 70 %", "subject", *headings)
    for one in found:
        p50 = (f"{one.p50_ms:.2f}", f"{one.direct_p50_ms:.2f}")
        p99 = (f"{one.p99_ms:.2f}", f"{one.direct_p99_ms:.2f}", f"{one.added_p99_ms:.2f}")
        shown.add_row(one.name, f"{one.rate:.0f}", f"{one.busy:.0%}", *p50, *p99)
    _print(shown)


def show_scale(found: Sequence[Scale], *, as_json: bool) -> None:
    """Print what routes and BFFs cost."""
    if as_json:
        print(json.dumps([asdict(one) for one in found], indent=2))
        return
    made = _columns("To make: seconds", "platform", "compile", "validate", "publish", "in effect after")
    headings = ("memory, MiB", "CPU µs/req", "ratio", "req/s", "ratio", "p99 ms")
    served = _columns("To serve: a JWT, a local limit, one worker", "platform", *headings)
    for one in found:
        times = (one.compile_s, one.validate_s, one.publish_s, one.effect_s)
        made.add_row(one.serving.name, *(f"{seconds:.2f}" for seconds in times))
        cost = (f"{one.rss_mb:.0f}", f"{one.serving.cpu_us:.0f}", f"{one.serving.ratio:.2f}")
        rate = (f"{one.serving.rate:.0f}", f"{one.throughput:.2f}", f"{one.serving.p99_ms:.2f}")
        served.add_row(one.serving.name, *cost, *rate)
    served.caption = f"ratio: to that of {found[0].serving.name}"
    served.caption_justify = "left"
    _print(made, served)


def show_change(found: Sequence[Phase], *, as_json: bool) -> None:
    """Print what requests noticed."""
    if as_json:
        print(json.dumps([asdict(one) for one in found], indent=2))
        return
    headings = ("times", "seconds", "requests", "cut", "lost", "failed", "refused")
    shown = _columns("Under constant load", "what", *headings)
    for one in found:
        counts = (one.requests, one.cut, one.lost, one.failed, one.refused)
        shown.add_row(one.name, str(one.times), f"{one.seconds:.1f}", *(f"{count:,}" for count in counts))
    _print(shown)


def show(title: str, results: Sequence[Result], missing: Mapping[str, str], *, as_json: bool) -> None:
    """Print the results."""
    if as_json:
        print(
            json.dumps(
                {"results": [asdict(one) for one in results], "not_available": dict(missing)}, indent=2
            )
        )
    else:
        _print(table(title, results, missing))


def show_all(found: Sequence[tuple[str, Sequence[Result]]], *, as_json: bool) -> None:
    """Print several measurements, each with its title and a base of its own."""
    if as_json:
        print(json.dumps({title: [asdict(one) for one in results] for title, results in found}, indent=2))
        return
    _print(*(table(title, results, {}) for title, results in found))


def _columns(title: str, first: str, *figures: str) -> Table:
    """A table without rows: a column of names, and one for each of the figures."""
    shown = Table(title=title, title_justify="left", box=SIMPLE)
    shown.add_column(first, no_wrap=True)
    for heading in figures:
        shown.add_column(heading, justify="right", no_wrap=True)
    return shown


def _print(*tables: Table) -> None:
    # A pipe has no width of its own, and would be taken for a narrow screen.
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    console.print(*tables)
