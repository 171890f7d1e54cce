"""Which platform a command is about."""

import os
from pathlib import Path


def root() -> Path:
    """Return the folder of the platform: the launcher's, else the nearest at or above the current one.

    Raises `UserError` where there is none.
    """
    from colonnade.manifest.load import find_root  # noqa: PLC0415 - pydantic is slow to import

    launched = os.environ.get("COLONNADE_ROOT")
    return find_root(Path(launched) if launched else Path.cwd())
