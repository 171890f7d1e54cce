"""Makes a folder that is there whole or not at all."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path


def whole(folder: Path, fill: Callable[[Path], None]) -> Path:
    """Return `folder`; where it is missing, `fill` one beside it first and rename it."""
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        fill(partial)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder
