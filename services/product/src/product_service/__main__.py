"""Starts the product service: `python -m product_service`."""

import sys

from product_service.app import create
from service_kit import run

if __name__ == "__main__":
    sys.exit(run("product", 8102, create))
