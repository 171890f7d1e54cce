"""Starts the policy service: `python -m colonnade_edge`."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

import uvloop
from granian.constants import Interfaces

from colonnade_edge.app import PolicyService
from colonnade_edge.authn.bearer import Bearer
from colonnade_edge.authn.issuers import Issuers
from colonnade_edge.authn.last_used import LastUsed
from colonnade_edge.authn.trust import Trusts
from colonnade_edge.backlog import Backlog
from colonnade_edge.decide import Decider
from colonnade_edge.keyring import Keyring
from colonnade_edge.lease.leases import Leases
from colonnade_edge.lease.server import serving
from colonnade_edge.limits.edges import LiveEdges
from colonnade_edge.limits.heavy import HeavyUsers
from colonnade_edge.limits.limiter import Limiter
from colonnade_edge.logs import set_up_logging
from colonnade_edge.metrics import Metrics
from colonnade_edge.oidc.pages import Pages
from colonnade_edge.policy.reload import PolicyFile
from colonnade_edge.revocation import follow
from colonnade_edge.revocation.table import Table
from colonnade_edge.server import exit_code, serve
from colonnade_edge.settings import PolicySettings, policy_settings
from colonnade_edge.store.connect import connect
from colonnade_edge.store.hold import Hold
from colonnade_edge.store.link import StoreLink
from colonnade_edge.store.tick import Ticker
from colonnade_edge.tracing.export import Exporter


async def run(settings: PolicySettings) -> None:
    """Open what the service lives on, serve, and close in reverse."""
    async with AsyncExitStack() as stack:
        service, leases = await _opened(settings, stack)
        async with serving(leases, settings.lease):
            await serve(service, settings.listen, Interfaces.RSGI)


async def _opened(settings: PolicySettings, stack: AsyncExitStack) -> tuple[PolicyService, Leases]:
    """Open the store and whatever is kept of it, and run beside it what never ends; `stack` closes all."""
    policy = PolicyFile(settings.policy_file)
    policy.refresh()
    revoked = Table()
    leases = Leases(revoked)
    follower = follow.Follower(connect(settings.store_url, follow.ANSWER_WITHIN_S), revoked)
    stack.push_async_callback(follower.close)
    await follower.start()
    exporter = Exporter(settings.collector) if settings.collector is not None else None
    if exporter is not None:
        stack.push_async_callback(exporter.close)
    metrics = Metrics(revoked.lines, leases.lines, *([exporter.lines] if exporter else []))
    link = StoreLink(connect(settings.store_url))
    stack.push_async_callback(link.close)
    await link.open()
    issuers = Issuers(link.redis, settings.identity_url)
    stack.push_async_callback(issuers.close)
    trusts = Trusts(settings, issuers)
    stack.push_async_callback(trusts.close)
    bearer = Bearer(trusts)
    pages = _pages(settings, revoked, bearer, link.hold)
    stack.push_async_callback(pages.close)
    ticker, edges = Ticker(link, metrics.batches), LiveEdges(settings.edges)
    heavy, last_used, token = HeavyUsers(link.redis), LastUsed(link.redis), settings.hold_token
    stack.push_async_callback(last_used.flush)
    limiter = Limiter(ticker, edges, metrics, heavy)
    decider = Decider(ticker, limiter, bearer, revoked, last_used, pages.refresh_soon)
    backlog = Backlog()
    forever = [
        backlog.watch(),
        policy.watch(),
        edges.watch(),
        heavy.flush_forever(),
        last_used.flush_forever(),
        follower.follow(leases.look),
        leases.watch_sessions(ticker),
        issuers.watch(policy),
        *([exporter.send_forever()] if exporter else []),
    ]
    await stack.enter_async_context(_in_background(forever))
    return PolicyService(policy, decider, pages, issuers, link, metrics, backlog, token, exporter), leases


def _pages(settings: PolicySettings, revoked: Table, bearer: Bearer, hold: Hold) -> Pages:
    keyring = Keyring(settings.session_keys, settings.session_keys_file)
    redis = connect(settings.store_url, hold=hold)
    return Pages(redis, keyring, revoked, bearer, settings.client_secret, settings.identity_url)


@asynccontextmanager
async def _in_background(forever: Iterable[Coroutine[None, None, None]]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work) for work in forever]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


def main() -> int:
    """Return the exit code: 0 after a stop that was asked for, 2 where the settings are wrong."""
    set_up_logging(os.environ)
    return exit_code("colonnade_edge", lambda: uvloop.run(run(policy_settings(os.environ))))


if __name__ == "__main__":
    sys.exit(main())
