"""Starts the order service: `python -m order_service`."""

import sys

from order_service.app import create
from service_kit import run

if __name__ == "__main__":
    sys.exit(run("order", 8103, create))
