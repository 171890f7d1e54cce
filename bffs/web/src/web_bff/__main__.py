"""Starts the web BFF: `python -m web_bff`."""

import sys

from colonnade_runtime import serve

from web_bff.app import app

if __name__ == "__main__":
    sys.exit(serve(app, port=3000))
