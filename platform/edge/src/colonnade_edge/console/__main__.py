"""Starts the console: `python -m colonnade_edge.console`."""

import asyncio
import os
import sys

import uvloop
from granian.constants import Interfaces

from colonnade_edge.console.app import console
from colonnade_edge.console.versions import Runner
from colonnade_edge.logs import set_up_logging
from colonnade_edge.policy.reload import PolicyFile
from colonnade_edge.server import exit_code, serve
from colonnade_edge.settings import ConsoleSettings, console_settings
from colonnade_edge.store.connect import connect


async def run(settings: ConsoleSettings) -> None:
    """Open what the console lives on, serve, and close in reverse."""
    policy = PolicyFile(settings.policy_file)
    policy.refresh()
    redis = connect(settings.store_url)
    watching = asyncio.create_task(policy.watch())
    app = console(policy, redis, settings.admin_token_file, Runner(settings.control_socket))
    await serve(app, settings.listen, Interfaces.ASGI)
    watching.cancel()
    await redis.aclose()


def main() -> int:
    """Return the exit code: 0 after a stop that was asked for, 2 where the settings are wrong."""
    set_up_logging(os.environ)
    return exit_code("colonnade_edge.console", lambda: uvloop.run(run(console_settings(os.environ))))


if __name__ == "__main__":
    sys.exit(main())
