"""Asks the instances of a service how they are, so that no call has to find out.

An answer other than 200 takes an instance out at once; so do `unhealthy` questions in a row without an
answer. `healthy` good answers in a row bring it back. The edge asks BFFs in the same way.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec
from colonnade_runtime.errors import SettingsError, UpstreamError
from colonnade_runtime.upstream.call import READ, Ask, Call, Reply, Stage
from colonnade_runtime.upstream.instance import Instance

WELL = 200

_log = logging.getLogger(__name__)


class Health(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked, how often and for how long it is waited for, in seconds; and what the answers mean.

    An instance that is back gets its share of the calls over `slow_start` seconds.
    """

    path: str = "/healthz"
    interval: float = 1.0
    timeout: float = 2.0
    unhealthy: int = 2
    healthy: int = 1
    slow_start: float = 10.0


def health_of(text: str, variable: str) -> Health:
    """Return what `/healthz interval=1 healthy=2` says, found in `variable`. Raises `SettingsError`."""
    try:
        path, *words = text.split()
        said = {"path": path} | dict(word.split("=", 1) for word in words)
        return msgspec.convert(said, Health, strict=False)
    except (ValueError, msgspec.ValidationError) as error:
        told = f"{variable} is {text!r}; set it to a path and what differs, such as /healthz interval=1"
        raise SettingsError(told) from error


async def watch(
    service: str,
    instance: Instance,
    health: Health,
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Ask an instance again and again, and tell it how it is; does not return."""
    ask = Ask(service, READ, health.path)
    silent = good = 0
    while True:
        status = await _asked(ask, instance.send, clock(), health)
        good = good + 1 if status == WELL else 0
        silent = silent + 1 if status is None else 0
        if instance.ill:
            if good >= health.healthy:
                instance.found(ill=False)
                _log.info("%s: instance %d is well again", service, instance.number + 1)
        elif good == 0 and (silent == 0 or silent >= health.unhealthy):
            instance.found(ill=True)
            told = "%s: instance %d answers %s at %s"
            answer = "nothing" if status is None else status
            _log.warning(told, service, instance.number + 1, answer, health.path)
        await sleep(health.interval)


async def _asked(ask: Ask, send: Stage, now: float, health: Health) -> int | None:
    """Return the status of the answer, None without one."""
    call = Call(ask, health.path, {}, None, now, now + health.timeout, {})
    try:
        reply: Reply = await send(call)
    except UpstreamError:
        return None
    return reply.status
