"""Starts the user service: `python -m user_service`."""

import sys

from service_kit import run
from user_service.app import create

if __name__ == "__main__":
    sys.exit(run("user", 8101, create))
