"""Starts the mobile BFF: `python -m mobile_bff`."""

import sys

from colonnade_runtime import serve

from mobile_bff.app import app

if __name__ == "__main__":
    sys.exit(serve(app, port=3001))
