"""Runs one application on Granian, inside this process, until it is told to stop."""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from colonnade_edge.errors import SettingsError
from colonnade_edge.settings import Listen


async def serve(application: Any, listen: Listen, interface: Interfaces) -> None:  # noqa: ANN401 - RSGI or ASGI
    """Serve until SIGTERM or SIGINT, then let requests under way finish.

    Raises `SettingsError` where the port is taken.
    """
    _claim(listen)
    server = Server(
        application,
        address=listen.host,
        port=listen.port,
        interface=interface,
        http=HTTPModes.auto,
        websockets=False,
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    with contextlib.suppress(asyncio.CancelledError):
        await server.serve()


def exit_code(program: str, run: Callable[[], None]) -> int:
    """Run a process to its end and return its exit code; 2, with one line on stderr, for wrong settings."""
    try:
        run()
    except SettingsError as error:
        sys.stderr.write(f"{program}: {error}\n")
        return 2
    return 0


def _claim(listen: Listen) -> None:
    """Refuse a port that is in use; Granian itself would share it and take half of the other's traffic."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((listen.host, listen.port))
        except OSError as error:
            raise SettingsError(f"cannot listen on {listen.host}:{listen.port}: {error.strerror}") from error
