"""Starts an Envoy beside the one that it follows, which hands over its sockets: no connection is refused.

Source: Envoy's documentation, "Hot restart". The old one answers what it has been sent, and closes each of
its connections with the answer.
"""

import asyncio
import contextlib
import json
import time

from colonnade.errors import WorkError
from colonnade.local import hot
from colonnade.local.child import Child
from colonnade.local.envoy_admin import UNREACHABLE, call
from colonnade.local.supervisor import Supervisor

TAKES_OVER_S = 30.0
GOES_S = 15.0
EVERY_S = 0.05


async def hot_restart(supervisor: Supervisor, name: str) -> None:
    """Let another Envoy take the place of `name`, and return when it has; the old one finishes meanwhile.

    Raises `WorkError`, with the old one as it was, where the new one does not come up.
    """
    old = supervisor.children[name]
    await supervisor.retired(name)
    new = await supervisor.start_beside(hot.following(old.spec))
    try:
        await _taken_over(new)
    except BaseException:
        await new.stop()
        raise
    supervisor.adopt(new)
    # The new one ends it, and would not survive to find that somebody else had.
    supervisor.retire(old, asyncio.sleep(hot.DRAINED_S + GOES_S))


async def _taken_over(child: Child) -> None:
    """Return when the Envoy has all that the old one had, and serves."""
    epoch, deadline = hot.epoch(child.spec), time.monotonic() + TAKES_OVER_S
    while not await _serves(child.spec.admin_port or 0, epoch):
        if child.restarts or time.monotonic() > deadline:
            name = child.spec.name
            raise WorkError(f"the new {name} does not take over; the old one stays", f"see bff logs {name}")
        await asyncio.sleep(EVERY_S)


async def _serves(admin_port: int, epoch: int) -> bool:
    with contextlib.suppress(*UNREACHABLE, ValueError):
        told = json.loads(await call(admin_port, "GET", "/server_info"))
        options = told["command_line_options"]
        return bool(told["state"] == "LIVE" and options.get("restart_epoch", 0) == epoch)
    return False
