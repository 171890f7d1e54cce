"""What the development identity provider remembers of its work."""

import sqlite3

from tests.platform_folder import Stack


def refreshes(stack: Stack) -> int:
    """How often the provider has taken a refresh token."""
    file = stack.folder / ".colonnade/data/identity/grants.sqlite"
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as grants:
        (count,) = grants.execute("SELECT count(*) FROM refresh_tokens WHERE used = 1").fetchone()
    return int(count)
