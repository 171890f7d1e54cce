"""Starts the development identity provider: `python -m identity_service`."""

import sys

from identity_service.app import create
from service_kit import run

if __name__ == "__main__":
    sys.exit(run("identity", 8100, create))
