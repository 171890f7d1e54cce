"""The `bff` command: `python -m colonnade`."""

import sys

from colonnade.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
