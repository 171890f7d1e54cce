"""`bff up`: runs the platform on this machine."""

from typing import TYPE_CHECKING, Annotated

import typer

from colonnade.cli.root import root

if TYPE_CHECKING:
    from colonnade.local.order import Order


def up(
    *,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return when it is healthy.")] = False,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="The edge's port, instead of the manifest's.")
    ] = None,
    ephemeral: Annotated[bool, typer.Option("--ephemeral", help="Use free ports for everything.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the addresses as JSON.")] = False,
) -> None:
    """Start everything, and stop it again on Ctrl-C.

    Example: bff up --detach --json
    """
    from colonnade.local.order import Order  # noqa: PLC0415 - with all that it imports, slow

    order = Order(root(), port, ephemeral)
    if detach:
        _detached(order, as_json=as_json)
    else:
        _foreground(order, as_json=as_json)


def _detached(order: "Order", *, as_json: bool) -> None:
    from colonnade.cli import screen  # noqa: PLC0415 - Rich is slow to import
    from colonnade.local.detach import start_detached  # noqa: PLC0415 - as above

    with screen.progress(quiet=as_json) as progress:
        state = start_detached(order, progress)
    screen.ready(state, as_json=as_json, detached=True)


def _foreground(order: "Order", *, as_json: bool) -> None:
    import asyncio  # noqa: PLC0415 - with the runner, slow to import
    import sys  # noqa: PLC0415 - as above

    from colonnade.cli import screen  # noqa: PLC0415 - as above
    from colonnade.local.output import Prefixed  # noqa: PLC0415 - as above
    from colonnade.local.runner import Listener, run  # noqa: PLC0415 - as above

    # With --json, standard output holds the one object and nothing else.
    stream = sys.stderr.buffer if as_json else sys.stdout.buffer
    show = Prefixed(12, colour=screen.colour(stream), stream=stream)
    listener = Listener(
        show, lambda _done, _total: None, lambda state: screen.ready(state, as_json=as_json, detached=False)
    )
    asyncio.run(run(order, listener))
