"""The command line: `python -m colonnade_bench edge|bff|limits|auth|latency|scale|change`."""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from colonnade_bench.errors import BenchError
from colonnade_bench.report import show, show_all, show_change, show_crowd, show_latency, show_scale

CACHE = Path(__file__).parents[2] / ".cache"
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
SecondsOption = Annotated[int, typer.Option(min=1, max=60, help="Seconds of each of the three rounds.")]
ConsumersOption = Annotated[int, typer.Option(min=0, max=10_000_000, help="Measure a crowd of so many.")]
OnlyOption = Annotated[str, typer.Option(help="Some of the subjects, comma separated.")]

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Measure CPU time per request of all of a subject's processes, against peers in the same run.",
)


@app.command()
def edge(*, seconds: SecondsOption = 3, only: OnlyOption = "", as_json: JsonOption = False) -> None:
    """Measure the edge's native and store paths against plain Envoy, nginx, HAProxy, Caddy and Traefik.

    Example: bff bench edge --only native,store --seconds 5
    """
    from colonnade_bench.edge import NAMES, bench_edge  # noqa: PLC0415 - slow to import

    results, missing = bench_edge(CACHE, _chosen(only, NAMES), seconds, _tell)
    show("Edge: one worker, 32 connections, 1 KB answers", results, missing, as_json=as_json)


@app.command()
def bff(*, seconds: SecondsOption = 3, only: OnlyOption = "", as_json: JsonOption = False) -> None:
    """Measure the three BFFs against Fastify, GraphQL Yoga and Mercurius, and against code by hand.

    Example: bff bench bff --only home,graphql --seconds 5
    """
    from colonnade_bench.bffs.bench import bench_bff  # noqa: PLC0415 - slow to import
    from colonnade_bench.bffs.cases import NAMES  # noqa: PLC0415 - as above

    results = bench_bff(CACHE, _chosen(only, NAMES) or NAMES, seconds, _tell)
    show_all(results, as_json=as_json)


@app.command()
def limits(
    *, seconds: SecondsOption = 2, consumers: ConsumersOption = 0, as_json: JsonOption = False
) -> None:
    """Measure each algorithm and policy, against plain Envoy and against one Redis call per request.

    With --consumers: what so many of them cost, in memory and in throughput, against one.

    Example: bff bench limits --consumers 1000000
    """
    from colonnade_bench.crowd import bench_crowd  # noqa: PLC0415 - slow to import
    from colonnade_bench.limits import bench_limits  # noqa: PLC0415 - as above

    if consumers:
        show_crowd(bench_crowd(consumers, seconds, _tell), as_json=as_json)
        return
    results = bench_limits(seconds, _tell)
    show("Limits: JWT, 100 consumers, one worker, 32 connections", results, {}, as_json=as_json)


@app.command()
def auth(*, seconds: SecondsOption = 2, as_json: JsonOption = False) -> None:
    """Measure what each kind of credential costs, against the edge without any.

    Example: bff bench auth --seconds 5
    """
    from colonnade_bench.auth import bench_auth  # noqa: PLC0415 - slow to import

    results = bench_auth(seconds, _tell)
    show("Credentials: 100 consumers, no limit, one worker, 32 connections", results, {}, as_json=as_json)


@app.command()
def latency(*, seconds: SecondsOption = 3, as_json: JsonOption = False) -> None:
    """Measure what the edge adds to the time of an answer, with its processor busy for 70 %.

    Example: bff bench latency --json
    """
    from colonnade_bench.latency import bench_latency  # noqa: PLC0415 - slow to import

    show_latency(bench_latency(seconds, _tell), as_json=as_json)


@app.command()
def scale(*, seconds: SecondsOption = 3, as_json: JsonOption = False) -> None:
    """Measure platforms of 10 to 5,000 routes and 3 to 100 BFFs: to compile, publish, hold and serve them.

    Example: bff bench scale --json
    """
    from colonnade_bench.scale import bench_scale  # noqa: PLC0415 - slow to import

    show_scale(bench_scale(seconds, _tell), as_json=as_json)


@app.command()
def change(
    *,
    publishes: Annotated[int, typer.Option(min=1, max=1000, help="So many publishes.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Count the requests that are lost under constant load by publishes, restarts and deaths.

    Example: bff bench change --publishes 100 --json
    """
    from colonnade_bench.change import bench_change  # noqa: PLC0415 - slow to import

    show_change(bench_change(publishes, _tell), as_json=as_json)


def _chosen(only: str, names: tuple[str, ...]) -> list[str]:
    chosen = [name for name in only.split(",") if name]
    unknown = [name for name in chosen if name not in names]
    if unknown:
        raise typer.BadParameter(f"no subject {unknown[0]!r}; valid: {', '.join(names)}")
    return chosen


def _tell(what: str) -> None:
    Console(stderr=True, highlight=False).print(f"[dim]{what}[/dim]")


def main() -> int:
    """Return the exit code: 0 measured, 1 the benchmark failed, 2 wrong use."""
    # So that a stop that is asked for ends what was started, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app(prog_name="bff bench")
    except KeyboardInterrupt:
        return 130
    except BenchError as error:
        sys.stderr.write(f"bff bench: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
