"""A service's OpenAPI document, without starting it: `python -m service_kit.contract order`."""

import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import FastAPI
from starlette.types import ASGIApp

from service_kit.settings import Settings


def contract(create: Callable[[Settings], ASGIApp]) -> str:
    """Return the document of the application that `create` makes, as the text of `openapi.json`."""
    with TemporaryDirectory() as folder:
        app = create(Settings("127.0.0.1", 1, Path(folder), development=False))
    if not isinstance(app, FastAPI):
        raise TypeError("outside development a service is its FastAPI application")
    return json.dumps(app.openapi(), indent=1) + "\n"


if __name__ == "__main__":
    sys.stdout.write(contract(import_module(f"{sys.argv[1]}_service.app").create))
