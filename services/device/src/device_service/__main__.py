"""Starts the device service: `python -m device_service`."""

import sys

from device_service.app import create
from service_kit import run

if __name__ == "__main__":
    sys.exit(run("device", 8104, create))
