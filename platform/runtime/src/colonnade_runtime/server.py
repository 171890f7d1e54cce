"""Runs an application on Granian, inside this process, until it is told to stop."""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import uvloop
from colonnade_runtime import logs
from colonnade_runtime.answer_store import shared_store, store_client
from colonnade_runtime.app import App
from colonnade_runtime.errors import SettingsError
from colonnade_runtime.handler import Handler
from colonnade_runtime.http_transport import connected
from colonnade_runtime.peers import NO_PEERS, Peers
from colonnade_runtime.rsgi import Scope
from colonnade_runtime.scrape import scraped
from colonnade_runtime.settings import Settings
from colonnade_runtime.tracing.export import exporting
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

if TYPE_CHECKING:
    from redis.asyncio import Redis

YOUNG = 10_000
"""Objects between two looks of the collector, instead of 700: an answer makes hundreds, and no cycles."""


def serve(app: App, port: int) -> int:
    """Run `app`, on `port` unless PORT says another.

    Return the exit code: 0 after a stop that was asked for; 2, with one line on stderr, for wrong
    settings or a port in use.
    """
    try:
        settings = Settings.from_environment(os.environ, port, app.services)
        client = store_client(settings.cache_url)
        logs.configure(json=settings.json_logs)
        _claim("PORT", settings.host, settings.port)
        if settings.metrics_port is not None:
            _claim("METRICS_PORT", settings.host, settings.metrics_port)
    except SettingsError as error:
        sys.stderr.write(f"{app.name}: {error}\n")
        return 2
    gc.freeze()  # what is imported stays: the collector need not walk it again and again
    gc.set_threshold(YOUNG)
    uvloop.run(_serve(app, settings, client))
    return 0


async def _serve(app: App, settings: Settings, client: "Redis | None") -> None:
    """Serve until SIGTERM or SIGINT; then be unready for a while, and let requests under way finish."""
    async with (
        connected(settings.upstreams, settings.balances, _shown(settings), settings.health) as transport,
        exporting(settings.collector) as exporter,
        shared_store(client, app.name, settings.cache_timeout_s) as store,
    ):
        handler = Handler(
            app,
            transport,
            development=settings.development,
            exporter=exporter,
            store=store,
            counts=(transport,),
        )
        server = Server(
            _both(handler) if app.sockets else handler,
            address=settings.host,
            port=settings.port,
            interface=Interfaces.RSGI,
            http=HTTPModes.auto,
            websockets=bool(app.sockets),
            log_enabled=False,
            **(settings.identity.served if settings.identity else {}),
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _stop, handler, server, settings.drain_s)
        async with scraped(settings.host, settings.metrics_port, handler.metrics):
            with contextlib.suppress(asyncio.CancelledError):
                await server.serve()


def _shown(settings: Settings) -> Peers:
    return Peers(settings.identity.shown(), settings.peers) if settings.identity else NO_PEERS


def _both(handler: Handler) -> Callable[[Scope, Any], Awaitable[None]]:
    """Tell WebSockets from requests; an application without any is not asked at every request."""

    def answer(scope: Scope, protocol: Any) -> Awaitable[None]:  # noqa: ANN401 - one or the other
        return handler.talk(scope, protocol) if scope.proto == "ws" else handler.__rsgi__(scope, protocol)

    return answer


def _stop(handler: Handler, server: Server, drain_s: float) -> None:
    """Say first that no more requests should come, so that those on their way still find somebody."""
    handler.probes.stopping = True
    loop = asyncio.get_running_loop()
    loop.call_later(drain_s, lambda: loop.create_task(_end(handler, server)))


async def _end(handler: Handler, server: Server) -> None:
    """Stop when those who hold a stream open know."""
    await handler.end_streams()
    server.stop()  # type: ignore[no-untyped-call] # Granian's


def _claim(variable: str, host: str, port: int) -> None:
    """Refuse a port in use; Granian itself would share it and take half of the other's traffic."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"cannot listen on {host}:{port}: {error.strerror}; set {variable}"
            ) from error
