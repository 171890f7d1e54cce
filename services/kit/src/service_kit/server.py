"""Runs a service on Granian, inside this process, until it is told to stop."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable

import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.types import ASGIApp

from service_kit.settings import Settings, SettingsError


def run(name: str, port: int, create: Callable[[Settings], ASGIApp]) -> int:
    """Run service `name`; return the exit code: 0 after a stop that was asked for, 2 for wrong settings."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    try:
        settings = Settings.from_environment(os.environ, name, port)
        claim(settings.host, settings.port)
        uvloop.run(serve(create(settings), settings))
    except SettingsError as error:
        sys.stderr.write(f"{name}_service: {error}\n")
        return 2
    return 0


async def serve(app: ASGIApp, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then let the requests under way finish."""
    server = Server(
        app,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    with contextlib.suppress(asyncio.CancelledError):
        await server.serve()


def claim(host: str, port: int) -> None:
    """Refuse a port in use, which Granian itself would share. Raises `SettingsError`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(f"cannot listen on {host}:{port}: {error.strerror}; set PORT") from error
