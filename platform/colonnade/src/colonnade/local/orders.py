"""Carries out the orders that a running stack gets over its socket."""

from collections.abc import Awaitable
from dataclasses import asdict
from typing import Any

from colonnade.local.configuration import Configuration
from colonnade.local.control.orders import Diff, History, Order, Publish, Restart, Rollback, Show
from colonnade.local.restart import restart
from colonnade.local.stack import Stack
from colonnade.local.versions import compare
from colonnade.local.versions.version import Version


class Orders:
    """What a stack does when it is told to."""

    def __init__(self, stack: Stack, configuration: Configuration) -> None:
        self._stack = stack
        self._configuration = configuration
        self._versions = configuration.versions

    async def carry(self, order: Order, user: str) -> Any:  # noqa: ANN401 - JSON, as each order has its own
        """Carry out an order of `user` and return what is told of it. Raises `ColonnadeError`."""
        match order:
            case History():
                return {"current": self._stack.version, "items": self._versions.history()}
            case Show():
                manifests = self._versions.manifests(order.number)
                return {**asdict(self._versions.get(order.number)), "manifests": manifests}
            case Diff():
                return {
                    "diff": compare.versions(
                        self._versions, order.before, order.after, compiled=order.compiled
                    )
                }
            case Rollback():
                return await self._changed(self._configuration.rollback(order.number, order.by or user))
            case Publish():
                return await self._changed(self._configuration.publish(order.by or user, canary=order.canary))
            case Restart():
                return await self._restart(order)

    async def _changed(self, work: Awaitable[Version | None]) -> dict[str, Any]:
        version = await work
        return {"version": version or self._versions.current, "new": version is not None}

    async def _restart(self, order: Restart) -> dict[str, Any]:
        async with self._configuration.changing:
            return {"restarted": await restart(self._stack, order.names)}
