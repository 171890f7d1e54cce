"""Runs the mobile BFF."""

import sys

from colonnade_runtime import serve

from mobile_bff.app import app

PORT = 3001

if __name__ == "__main__":
    sys.exit(serve(app, PORT))
