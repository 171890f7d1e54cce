"""Starts the telemetry service: `python -m telemetry_service`."""

import sys

from service_kit import run
from telemetry_service.app import create

if __name__ == "__main__":
    sys.exit(run("telemetry", 8105, create))
