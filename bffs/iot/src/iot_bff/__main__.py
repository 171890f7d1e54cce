"""Starts the iot BFF: `python -m iot_bff`."""

import sys

from colonnade_runtime import serve

from iot_bff.app import app

if __name__ == "__main__":
    sys.exit(serve(app, port=3002))
