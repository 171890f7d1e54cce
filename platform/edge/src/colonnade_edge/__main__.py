"""Starts the policy service: `python -m colonnade_edge`."""

import asyncio
import contextlib
import logging
import os
import sys

import uvloop
from granian.constants import Interfaces

from colonnade_edge.app import PolicyService
from colonnade_edge.decide import Decider
from colonnade_edge.errors import SettingsError
from colonnade_edge.metrics import Metrics
from colonnade_edge.policy.reload import PolicyFile
from colonnade_edge.server import serve
from colonnade_edge.settings import PolicySettings, policy_settings
from colonnade_edge.store.link import StoreLink, connect
from colonnade_edge.store.tick import Ticker


async def run(settings: PolicySettings) -> None:
    """Open what the service lives on, serve, and close in reverse."""
    policy = PolicyFile(settings.policy_file)
    policy.refresh()
    metrics = Metrics()
    link = StoreLink(connect(settings.store_url))
    await link.open()
    decider = Decider(Ticker(link, metrics.batches), lambda digest: None)
    watching = asyncio.create_task(policy.watch())
    await serve(PolicyService(policy, decider, link, metrics), settings.listen, Interfaces.RSGI)
    watching.cancel()
    await link.close()


def main() -> int:
    logging.basicConfig(level=logging.INFO)
    try:
        uvloop.run(run(policy_settings(os.environ)))
    except SettingsError as error:
        sys.stderr.write(f"colonnade_edge: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
