"""Runs a service on Granian, inside this process, until it is told to stop."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.types import ASGIApp

from service_kit import logs
from service_kit.settings import Settings, SettingsError

DRAIN_S = 5.0
"""How long requests under way may take after a stop was asked for."""

IDENTITY = ("certificate.pem", "key.pem", "peers-ca.pem")
"""The files of mTLS: whose the process is, and who vouches for callers."""

log = logging.getLogger(__name__)


def run(name: str, port: int, create: Callable[[Settings], ASGIApp]) -> int:
    """Run service `name`; return the exit code: 0 after a stop that was asked for, 2 for wrong settings."""
    try:
        settings = Settings.from_environment(os.environ, name, port)
        logs.configure(json=settings.json_logs)
        claim(settings.host, settings.port, "PORT")
        app = create(settings)
    except SettingsError as error:
        sys.stderr.write(f"{name}_service: {error}\n")
        return 2
    gc.freeze()  # what is imported stays: the collector need not walk it again and again
    log.info("%s listens on %s port %d", name, settings.host, settings.port)
    uvloop.run(serve(app, settings))
    return 0


async def serve(app: ASGIApp, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then let requests under way finish within `DRAIN_S`."""
    server = Server(
        app,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_enabled=False,
        **mutual_tls(settings.identity),
    )
    loop = asyncio.get_running_loop()
    serving = loop.create_task(server.serve())

    def give_up() -> None:
        log.warning("cut off what was still under way %.0f s after the stop", DRAIN_S)
        loop.set_exception_handler(lambda _loop, _context: None)  # Granian complains of what is cut off
        serving.cancel()

    def stop() -> None:
        server.stop()  # type: ignore[no-untyped-call]  # Granian leaves it untyped
        loop.call_later(DRAIN_S, give_up)  # a request that hangs must not keep the process

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def mutual_tls(identity: Path | None) -> dict[str, Any]:
    """Return Granian's settings by which who calls has to show a certificate of the platform's."""
    if identity is None:
        return {}
    certificate, key, authority = (identity / name for name in IDENTITY)
    return {"ssl_cert": certificate, "ssl_key": key, "ssl_ca": authority, "ssl_client_verify": True}


def claim(host: str, port: int, variable: str) -> None:
    """Refuse a port in use, which Granian itself would share. Raises `SettingsError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            told = f"cannot listen on {host}:{port}: {error.strerror}; set HOST or {variable}"
            raise SettingsError(told) from error
