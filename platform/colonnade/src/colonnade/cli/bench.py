"""`bff bench`: measures against peers."""

import typer


def bench(context: typer.Context) -> None:
    """Measure the edge or a BFF against its peers; all arguments are the benchmark's.

    Example: bff bench edge --json
    """
    import os  # noqa: PLC0415 - with the rest
    import subprocess  # noqa: PLC0415 - slow to import
    import sys  # noqa: PLC0415 - as above

    from colonnade.cli.root import root  # noqa: PLC0415 - as above
    from colonnade.errors import UserError  # noqa: PLC0415 - as above

    folder = root()
    source = folder / "benchmarks" / "src"
    if not (source / "colonnade_bench").is_dir():
        raise UserError(
            "this platform has no benchmarks/ folder", "run bff bench in Colonnade's own repository"
        )
    path = ":".join(part for part in (str(source), os.environ.get("PYTHONPATH", "")) if part)
    done = subprocess.run(  # noqa: S603 - our own module with the caller's arguments, without a shell
        [sys.executable, "-P", "-m", "colonnade_bench", *context.args],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path},
        check=False,
    )
    raise typer.Exit(130 if done.returncode < 0 else min(done.returncode, 2))
