"""`bff test`: runs the tests."""

import typer


def test(context: typer.Context) -> None:
    """Run pytest on the platform; all arguments are pytest's, paths are relative to the platform's folder.

    Unless a path is among them it runs all tests, on all cores, but no more than four.

    Example: bff test bffs/mobile -k home
    """
    import os  # noqa: PLC0415 - with the rest
    import subprocess  # noqa: PLC0415 - slow to import
    import sys  # noqa: PLC0415 - as above

    from colonnade.cli.root import root  # noqa: PLC0415 - as above

    folder = root()
    chosen = any((folder / argument.partition("::")[0]).exists() for argument in context.args)
    arguments = context.args if chosen else [*ON_ALL_CORES, *context.args]
    # The tests start platforms of their own, which must not take themselves for this one.
    environment = {name: value for name, value in os.environ.items() if name != "COLONNADE_ROOT"}
    done = subprocess.run(  # noqa: S603 - pytest with the caller's arguments, without a shell
        [sys.executable, "-P", "-m", "pytest", *arguments], cwd=folder, env=environment, check=False
    )
    raise typer.Exit(PYTEST_EXITS.get(done.returncode, 1))


ON_ALL_CORES = ("-n", "logical", "--maxprocesses", "4", "--dist", "loadgroup", "--no-loadscope-reorder")
"""Four at most: an Envoy takes 8 of the 128 inotify instances that Linux gives a user; some tests run six."""
PYTEST_EXITS = {0: 0, 1: 1, 2: 130, 4: 2}
"""pytest's exit codes as ours: passed, failed, interrupted, wrong use; all else means failed."""
