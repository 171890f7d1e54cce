"""Compiles the manifests for a stack of containers: `python -m colonnade.cli.containers ROOT FOLDER`.

The container `config` of compose.yaml runs it; run it again, and running edges take the change up.
"""

import sys
from pathlib import Path

from colonnade.compose import mounted
from colonnade.compose.addresses import target
from colonnade.compose.mounted import EDGE
from colonnade.envoy.publish import publish, write_bootstrap
from colonnade.errors import ColonnadeError
from colonnade.ir.platform import Platform
from colonnade.manifest.load import load
from colonnade.resolve import resolve


def write(folder: Path, platform: Platform) -> None:
    """Write what changed of all that containers mount, by renames; the edges' resources come last."""
    for path, text in mounted(platform).items():
        file = folder / path
        if file.exists() and file.read_text(encoding="utf-8") == text:
            continue
        file.parent.mkdir(exist_ok=True)
        partial = file.with_suffix(".new")
        partial.write_text(text, encoding="utf-8")
        partial.replace(file)
    edge = folder / EDGE
    edge.mkdir(exist_ok=True)
    seen = target(platform)
    write_bootstrap(edge, platform, seen)
    publish(edge, platform, seen)


def main(arguments: list[str]) -> int:
    """Compile the platform in `ROOT` into `FOLDER`; return the exit code."""
    root, folder = (Path(argument) for argument in arguments)
    try:
        write(folder, resolve(load(root)))
    except ColonnadeError as error:
        sys.stderr.write(f"{error.message}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
