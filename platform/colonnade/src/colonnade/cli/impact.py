"""`bff impact`: what would break if a service gave up a field."""

from typing import Annotated

import typer

from colonnade.cli.root import root


def impact(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="The service, such as order.")],
    without: Annotated[str, typer.Option(metavar="FIELD", help="The field: Order.total, or total of all.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Name the calls, views, BFFs and owners that would break if SERVICE gave up a field.

    Read from the sources and the service's OpenAPI document; nothing is started.

    Example: bff impact order --without Order.total
    """
    import json  # noqa: PLC0415 - with the rest
    from dataclasses import asdict  # noqa: PLC0415 - as above

    from colonnade.cli.screen import print_table, waiting  # noqa: PLC0415 - Rich is slow to import
    from colonnade.contracts.impact import impact as broken_by  # noqa: PLC0415 - as is the compiler
    from colonnade.manifest.load import load  # noqa: PLC0415 - as above
    from colonnade.resolve import resolve  # noqa: PLC0415 - as above

    with waiting("reading calls", quiet=as_json):
        found = broken_by(root(), resolve(load(root())), service, without)
    if as_json:
        typer.echo(json.dumps({"items": [asdict(one) for one in found]}, indent=2))
        return
    if not found:
        typer.echo(f"nothing reads {without} of {service}")
        return
    rows = [
        (one.bff, one.owner, ", ".join(one.views), f"{one.call}: {one.field}", f"{one.file}:{one.line}")
        for one in found
    ]
    print_table(("BFF", "owner", "views", "call", "written"), rows)
