"""`bff check`: whether everything holds that the manifests promise."""

from typing import Annotated

import typer

from colonnade.cli.root import root


def check(
    *,
    fix: Annotated[bool, typer.Option("--fix", help="Write generated files anew where they drift.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check manifests and guardrails, the compiled Envoy configuration, and generated files for drift.

    What is allowed and had better not be is a warning, which fails nothing.

    Example: bff check
    """
    import json  # noqa: PLC0415 - with the rest

    from colonnade.cli.checks import run_checks  # noqa: PLC0415 - the compiler is slow to import
    from colonnade.cli.exits import told  # noqa: PLC0415 - with the rest
    from colonnade.cli.screen import waiting  # noqa: PLC0415 - as is Rich

    with waiting("checking", quiet=as_json):
        results = run_checks(root(), fix=fix)
    failed = [result for result in results if result.error is not None]
    if as_json:
        typer.echo(
            json.dumps({"ok": not failed, "checks": [result.to_data() for result in results]}, indent=2)
        )
    else:
        for result in results:
            typer.echo(f"{result.word:4} {result.name}: {result.summary}")
        for result in failed:
            typer.echo(told(result.error), err=True, nl=False)  # type: ignore[arg-type]  # these have one
    if failed:
        raise typer.Exit(max(result.error.exit_code for result in failed if result.error))
